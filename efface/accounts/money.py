"""Money as whole minor units (cents) with their currency. Never a fraction, never two currencies in one sum. Pure."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

#: ISO 4217 currencies whose minor unit is not a hundredth; the others have two digits.
DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "XAF": 0, "XOF": 0, "UGX": 0, "KWD": 3, "BHD": 3, "JOD": 3,
          "TND": 3, "OMR": 3, "IQD": 3, "LYD": 3}  # fmt: skip
MOST = 10**12
_CODE = re.compile(r"[A-Z]{3}\Z")


class NotMoney(ValueError):
    """It does not read as an amount; the message says how one is written."""


def currency(text: str) -> str:
    """Three capital letters. Raises ``NotMoney``."""
    code = text.strip().upper()
    if not _CODE.match(code):
        raise NotMoney(_("A currency is three letters, such as EUR."))
    return code


def minor(text: str, code: str) -> int:
    """ "12.50" or "12,50" as 1250. Raises ``NotMoney``: nothing is rounded, nothing below nothing."""
    digits = DIGITS.get(code, 2)
    try:
        amount = Decimal(text.strip().replace(" ", "").replace(",", ".")).scaleb(digits)
    except InvalidOperation:
        raise NotMoney(_("Write an amount such as 12.50.")) from None
    if not amount.is_finite() or amount != amount.to_integral_value() or not 0 <= amount <= MOST:
        raise NotMoney(_("Write an amount such as 12.50: no thousands, no fractions of a cent."))
    return int(amount)


def text(amount: int, code: str) -> str:
    """1250 as "12.50 EUR"."""
    digits = DIGITS.get(code, 2)
    return f"{Decimal(amount).scaleb(-digits):.{digits}f} {code}"


def plain(amount: int, code: str) -> str:
    """1250 as "12.50"."""
    return text(amount, code).partition(" ")[0]


def share(amount: int, basis_points: int) -> int:
    """So many hundredths of a percent of it, half a minor unit away from nothing."""
    whole, rest = divmod(abs(amount) * basis_points, 10_000)
    made = whole + (rest * 2 >= 10_000)
    return made if amount >= 0 else -made
