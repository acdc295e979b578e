"""Programmes, grants and vouchers of an organisation. Nothing here is read by the search or the removal."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from efface.accounts import audit, money, terms
from efface.accounts.models import Grant, Member, Programme, Spending, Voucher
from efface.engine.base import sealing

SCOPE = "voucher"
#: Letters and digits that are not taken for one another when read aloud.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
MOST_VOUCHERS = 100
LONGEST_NAME = 80


class Refused(ValueError):
    """It cannot be done; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A programme as a coordinator describes it. ``price`` in minor units a case; ``scale`` percents of it; ``grant``
    pays for it, where one does."""

    name: str
    kind: str
    currency: str = "EUR"
    price: int = 0
    scale: Sequence[int] = ()
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """A grant's money in minor units. ``warn``: more is spent than the share at which it warns."""

    grant: Grant
    spent: int

    @property
    def left(self) -> int:
        return self.grant.budget - self.spent

    @property
    def percent(self) -> int:
        return round(100 * self.spent / self.grant.budget) if self.grant.budget else 0

    @property
    def used_up(self) -> bool:
        return self.left <= 0

    @property
    def warn(self) -> bool:
        return self.spent * 100 >= self.grant.budget * self.grant.warn_at


def actor(member: Member) -> str:
    return f"{member.role}:{member.user_id}"


def _checked(asked: Asked) -> Asked:
    kind = terms.kinds().get(asked.kind)
    name = " ".join(asked.name.split())
    if kind is None:
        raise Refused(_("Choose whom it is for."))
    if not name or len(name) > LONGEST_NAME:
        raise Refused(_("Give it a name of at most %(most)d letters.") % {"most": LONGEST_NAME})
    if kind.free:
        return Asked(name, asked.kind, asked.currency, grant=asked.grant)
    scale = tuple(sorted(set(asked.scale)))
    if kind.price == "scale" and (not scale or scale[0] != 0 or scale[-1] > 100):
        raise Refused(_("A scale begins with 0 and ends with at most 100 percent, such as 0, 25, 50, 100."))
    if asked.price <= 0:
        raise Refused(_("Say what a case costs, or choose terms that are free."))
    return replace(asked, name=name, scale=scale if kind.price == "scale" else ())


def add(member: Member, asked: Asked, now: datetime) -> Programme:
    """A new programme; the same name again is refused while one of it is open. Raises ``Refused``."""
    good = _checked(asked)
    if Programme.objects.filter(name=good.name, ended_at=None).exists():
        raise Refused(_("There is a programme of that name already."))
    made = Programme.objects.create(organisation_id=member.organisation_id, made_at=now, **_columns(good))
    audit.record(member.organisation_id, actor(member), "programme.added", str(made.pk), now)
    return made


def change(member: Member, row: Programme, asked: Asked, now: datetime) -> None:
    """Other terms from now on. Cases in it go on as they are; nothing is billed after the fact. Raises ``Refused``."""
    good = _checked(asked)
    Programme.objects.filter(pk=row.pk).update(**_columns(good))
    audit.record(member.organisation_id, actor(member), "programme.changed", str(row.pk), now)


def _columns(one: Asked) -> dict[str, object]:
    return {"name": one.name, "kind": one.kind, "free": terms.kinds()[one.kind].free, "currency": one.currency,
            "price": one.price, "scale": list(one.scale), "grant": one.grant}  # fmt: skip


def end(member: Member, row: Programme, now: datetime) -> None:
    """No new cases come into it. Twice is as once."""
    if Programme.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now):
        Voucher.objects.filter(programme=row, used_at=None, ended_at=None).update(ended_at=now)
        audit.record(member.organisation_id, actor(member), "programme.ended", str(row.pk), now)


def reopen(member: Member, row: Programme, now: datetime) -> None:
    """Undo of ``end``; vouchers that ended with it stay ended."""
    if Programme.objects.filter(pk=row.pk).exclude(ended_at=None).update(ended_at=None):
        audit.record(member.organisation_id, actor(member), "programme.reopened", str(row.pk), now)


def open_ones() -> list[Programme]:
    return list(Programme.objects.filter(ended_at=None).order_by("name"))


def for_agencies() -> list[Programme]:
    """Open programmes on an agency's terms."""
    return list(Programme.objects.filter(ended_at=None, kind="agency").order_by("name"))


def said(row: Programme) -> str:
    """A programme's terms in one line: its name, whom it is for, and what a case costs."""
    price = money.text(row.price, row.currency) if row.price else _("free")
    return _("%(name)s: %(kind)s, %(price)s a case") % {
        "name": row.name, "kind": terms.WORDS[row.kind], "price": price,
    }  # fmt: skip


# --- Grants ---


def grant(
    member: Member, name: str, funder: str, budget: int, currency: str, ends: date | None, now: datetime
) -> Grant:
    """Raises ``Refused``."""
    if not name.strip() or not funder.strip():
        raise Refused(_("Say what the grant is called and who gives it."))
    if budget <= 0:
        raise Refused(_("Say how much the grant is."))
    made = Grant.objects.create(
        organisation_id=member.organisation_id, name=name.strip()[:80], funder=funder.strip()[:120], budget=budget,
        currency=currency, ends_on=ends, made_at=now,
    )  # fmt: skip
    audit.record(member.organisation_id, actor(member), "grant.added", str(made.pk), now)
    return made


def spend(
    member: Member, row: Grant, amount: int, what: str, key: str, now: datetime, programme: Programme | None = None
) -> Balance:
    """Note a step of spending, for a programme the grant pays for where one is named. No more than is left, no more
    back than was spent: no case waits for it either way. The same form twice counts once. Raises ``Refused``."""
    if not what.strip():
        raise Refused(_("Say what it was spent on. Name no person and no case."))
    if amount == 0:
        raise Refused(_("Say how much."))
    if programme is not None and programme.grant_id != row.pk:
        raise Refused(_("This grant does not pay for that programme. Choose one it pays for, or none."))
    with transaction.atomic():
        # One at a time for each grant: two who spend the last of it at once would both find it there.
        Grant.objects.select_for_update().get(pk=row.pk)
        if Spending.objects.filter(key=key[:40]).exists():
            return balance(row)
        before = balance(row)
        if amount > before.left:
            raise Refused(_("Only %(left)s of it are left. Note that much here and the rest at another grant; "
                            "nothing waits for it.") % {"left": money.text(before.left, row.currency)})  # fmt: skip
        if before.spent + amount < 0:
            raise Refused(_("No more can be given back than %(spent)s, which was spent.")
                          % {"spent": money.text(before.spent, row.currency)})  # fmt: skip
        made = Spending.objects.create(
            organisation_id=member.organisation_id, grant=row, programme=programme, amount=amount,
            what=what.strip()[:120], key=key[:40], by=actor(member), at=now,
        )  # fmt: skip
        audit.record(member.organisation_id, actor(member), "grant.spent", str(made.pk), now)
    return balance(row)


def balance(row: Grant) -> Balance:
    return Balance(row, Spending.objects.filter(grant=row).aggregate(sum=Sum("amount"))["sum"] or 0)


def balances() -> list[Balance]:
    rows = Grant.objects.annotate(sum=Sum("spendings__amount")).order_by("name")
    return [Balance(one, one.sum or 0) for one in rows]


# --- Vouchers ---


def vouchers(member: Member, row: Programme, number: int, days: int, now: datetime) -> list[str]:
    """New codes, shown this once. Raises ``Refused``."""
    if row.ended_at is not None:
        raise Refused(_("This programme takes no new cases."))
    if not 1 <= number <= MOST_VOUCHERS or not 1 <= days <= 730:
        raise Refused(_("Between 1 and %(most)d codes, for at most two years.") % {"most": MOST_VOUCHERS})
    codes = [_code() for _ in range(number)]
    Voucher.objects.bulk_create(
        Voucher(organisation_id=member.organisation_id, programme=row, digest=sealing.digest(SCOPE, _norm(code)),
                made_at=now, expires_on=now.date() + timedelta(days=days))
        for code in codes
    )  # fmt: skip
    audit.record(member.organisation_id, actor(member), "voucher.made", str(row.pk), now)
    return codes


def redeem(code: str, now: datetime) -> Programme:
    """Use a code once: which programme it leads into. Raises ``Refused``, in the same words for unknown and used."""
    with transaction.atomic():
        row = (
            Voucher.objects.select_for_update(of=("self",)).select_related("programme")
            .filter(digest=sealing.digest(SCOPE, _norm(code)), used_at=None, ended_at=None, expires_on__gte=now.date())
            .first()
        )  # fmt: skip
        if row is None:
            raise Refused(_("This code is not known, was used, or is over. The case can go on without it, free."))
        row.used_at = now
        row.save(update_fields=["used_at"])
        return row.programme


def _code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(16))
    return "-".join(letters[n : n + 4] for n in range(0, 16, 4))


def _norm(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter in ALPHABET)


def owed(row: Programme, step: int | None = None) -> int:
    """What a case in it is asked for, in minor units: nothing where it is free; ``step`` is a percent of its scale,
    nothing unless chosen."""
    if row.free:
        return 0
    if row.scale:
        chosen = step if step in row.scale else 0
        return money.share(row.price, (chosen or 0) * 100)
    return row.price
