"""Signed mail addresses: a reply or a bounce finds its notice, and nobody can make one up.

``r-<notice>.<mark>@mail_domain`` takes replies, ``b-...`` is the envelope sender that bounces come back to. ``notice``
is the notice's id in base32, ``mark`` ten bytes of an HMAC over it; 45 characters in all, inside the 64 of RFC 5321.

A word to a survivor leaves as ``<box>+n-<telling>.<mark>``, where ``<box>@<host>`` is the sender that says nothing
(``EFFACE_QUIET_MAIL_FROM``): what comes back finds its telling, and the address says no more than the sender does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass
from typing import Literal

from efface.engine.base import sealing, settings
from efface.whereabouts import decode, lexicon

Use = Literal["reply", "bounce", "news"]
_LETTER: dict[Use, str] = {"reply": "r", "bounce": "b", "news": "n"}


@dataclass(frozen=True, slots=True)
class Signed:
    """``notice`` is the id of a notice, or of a telling where ``use`` is news."""

    use: Use
    notice: uuid.UUID


def domain() -> str:
    return str(settings.get("mail_domain")).lower() or "localhost"


def reply(notice: uuid.UUID) -> str:
    return _address("reply", notice)


def bounce(notice: uuid.UUID) -> str:
    return _address("bounce", notice)


def news(telling: uuid.UUID) -> str:
    """The envelope sender of a word to a survivor; "" where no quiet sender is set."""
    box, _, host = quiet().rpartition("@")
    if not box:
        return ""
    signed = f"{box}+{_address('news', telling, host)}"
    return signed if len(signed.rpartition("@")[0]) <= LONGEST_LOCAL else quiet()


LONGEST_LOCAL = 64
"""RFC 5321, section 4.5.3.1.1."""


def quiet() -> str:
    return str(settings.get("quiet_mail_from")).lower()


def read(address: str) -> Signed | None:
    """What a recipient address stands for; None for any that was not signed here. Case does not count."""
    local, _, host = address.strip().strip("<>").lower().rpartition("@")
    local = local.rpartition("+")[2]
    letter, _, rest = local.partition("-")
    name = rest.partition(".")[0]
    use = next((use for use, one in _LETTER.items() if one == letter), None)
    expected = quiet().rpartition("@")[2] if use == "news" else domain()
    if use is None or not host or host != expected or len(name) != 26:
        return None
    try:
        notice = uuid.UUID(bytes=base64.b32decode(name.upper() + "======"))
    except (binascii.Error, ValueError):
        return None
    # Compared as written out, so that spare bits of the last letter cannot vary.
    same = hmac.compare_digest(_address(use, notice, host).encode(), f"{local}@{host}".encode("utf-8", "replace"))
    return Signed(use, notice) if same else None


_WRITTEN = re.compile(r"[rbn]-[a-z2-7]{26}\.[a-z2-7]{16}@[a-z0-9.-]{1,255}", re.IGNORECASE)
MOST_WRITTEN = 20


def written(text: str) -> list[str]:
    """Addresses in a text that have the form of ours, lower case, each once, at most ``MOST_WRITTEN``. Whether one was
    signed here says ``read``."""
    found = dict.fromkeys(one[0].lower().rstrip(".") for one in _WRITTEN.finditer(text))
    return list(found)[:MOST_WRITTEN]


_BRACKET, _TEKCARB = r"\s{0,3}[\[({<*_|~-]{0,3}\s{0,3}", r"\s{0,3}[\])}>*_|~-]{0,3}\s{0,3}"
_DOT = rf"{_BRACKET}(?:{lexicon.either(lexicon.DOT)}|\.){_TEKCARB}"
_SHOWN = re.compile(
    rf"(?<![a-z0-9])([rb])\s?[-\u2010-\u2015]\s?([a-z2-7]{{26}}){_DOT}([a-z2-7]{{16}})", re.IGNORECASE
)


def shown(text: str) -> list[str]:
    """Addresses of ours that a text may show, however it writes their signs: "[at]", "dot", letters nobody sees, or
    without the domain at all. Lower case, each once, at most ``MOST_WRITTEN``; whether one was signed here says
    ``read``: the mark is over the whole address, so what is put together here cannot be made up. Not for the recipients
    of a mail, which are written in one way only."""
    plain, _ = decode.clean(text)
    found = dict.fromkeys(f"{one[1]}-{one[2]}.{one[3]}@{domain()}".lower() for one in _SHOWN.finditer(plain))
    return list(dict.fromkeys([*written(text), *found]))[:MOST_WRITTEN]


def _address(use: Use, notice: uuid.UUID, host: str = "") -> str:
    name = _letters(notice.bytes)
    mark = hmac.new(sealing.derive("reply-address"), f"{use}:{notice}".encode(), hashlib.sha256).digest()[:10]
    return f"{_LETTER[use]}-{name}.{_letters(mark)}@{host or domain()}"


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()
