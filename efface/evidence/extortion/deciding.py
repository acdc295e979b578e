"""Suggestions become rows once; a worker confirms, corrects or drops them, or adds what no file says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from efface.cases import events
from efface.cases.models import Case
from efface.engine.base import sealing
from efface.evidence.extortion import finding, wallets
from efface.evidence.models import Fact, Kept

MOST_VALUE = 200


class FactRefused(ValueError):
    """It cannot be noted like this; the message says why."""


def suggest(case: Case, source: Kept, messages: Iterable[finding.Said], now: datetime) -> int:
    """How many suggestions are new in this case. What was dropped once is not suggested again."""
    made = 0
    for one in finding.suggest(messages):
        made += _add(case, one, source, "engine", Fact.State.SUGGESTED, now) is not None
    return made


def add(case: Case, kind: str, value: str, detail: str, actor: str, now: datetime) -> Fact:
    """What a worker was told: confirmed at once. Raises ``FactRefused``."""
    one = finding.Suggestion(kind, *_usable(kind, value, detail))
    row = _add(case, one, None, actor, Fact.State.CONFIRMED, now)
    if row is None:
        row = Fact.objects.get(case=case, same=_same(case, kind, one.value))
        if row.state != Fact.State.CONFIRMED:
            decide(row, "confirm", actor, now)
    else:
        events.record(case, "demand.noted", actor, subject=row.pk, now=now, what=kind)
    return row


def decide(row: Fact, choice: str, actor: str, now: datetime, value: str = "", detail: str = "") -> None:
    """``choice``: confirm, drop or correct (with ``value`` and ``detail``). Raises ``FactRefused``."""
    if choice == "correct":
        right, more, sure = _usable(row.kind, value, detail)
        same = _same(row.case, row.kind, right)
        if Fact.objects.filter(case_id=row.case_id, same=same).exclude(pk=row.pk).exists():
            raise FactRefused(_("This is in the list already."))
        if row.state == Fact.State.CONFIRMED and (row.value, row.detail) == (right, more):
            return
        row.value, row.detail, row.sure, row.same = right, more, sure, same
    elif choice not in ("confirm", "drop"):
        raise FactRefused(_("Choose one of the answers."))
    elif row.state == (Fact.State.DROPPED if choice == "drop" else Fact.State.CONFIRMED):
        return  # decided so already
    row.state = Fact.State.DROPPED if choice == "drop" else Fact.State.CONFIRMED
    row.ring = None if choice == "drop" else _ring(row.case, row.kind, str(row.value or ""), row.detail)
    row.decided_at, row.decided_by = now, actor
    row.save()
    events.record(row.case, "demand.decided", actor, subject=row.pk, now=now, what=row.kind, choice=choice)


def _usable(kind: str, value: str, detail: str) -> tuple[str, str, bool]:
    """(value, detail, sure) in the form that is kept and compared. Raises ``FactRefused``."""
    written = " ".join(value.split())[:MOST_VALUE]
    if kind not in finding.KINDS:
        raise FactRefused(_("Choose what it is."))
    if not written:
        raise FactRefused(_("Write what it is."))
    more = " ".join(detail.split())[:20].lower()
    if kind == "wallet":
        found = wallets.find(written)
        if not found:
            raise FactRefused(
                _("This is no address of a wallet or bank account: its checksum does not hold. Copy it again, letter "
                  "by letter, from where it stands.")
            )  # fmt: skip
        return found[0].value, found[0].kind, found[0].certain
    if kind == "amount":
        sums = [one for one in finding.suggest([finding.Said(written)]) if one.kind == "amount"]
        if not sums:
            raise FactRefused(_("Write a sum with its currency, such as 300 EUR or 0.05 BTC."))
        return sums[0].value, sums[0].detail, False
    if kind == "handle":
        return written.lstrip("@"), more, False
    return written, more, False


def _add(case: Case, one: finding.Suggestion, source: Kept | None, by: str, state: str, now: datetime) -> Fact | None:
    same = _same(case, one.kind, one.value)
    if Fact.objects.filter(case=case, same=same).exists():
        return None
    confirmed = state == Fact.State.CONFIRMED
    quote = {"text": one.quote, "by": one.by, "at": one.at} if one.quote else None
    return Fact.objects.create(
        organisation_id=case.organisation_id, case=case, kind=one.kind, value=one.value, detail=one.detail[:20],
        sure=one.sure, quote=quote, source=source, same=same, state=state, at=now, by=by,
        ring=_ring(case, one.kind, one.value, one.detail) if confirmed else None,
        decided_at=now if confirmed else None, decided_by=by if confirmed else "",
    )  # fmt: skip


def _same(case: Case, kind: str, value: str) -> bytes:
    return sealing.digest(f"fact/{case.pk}", f"{kind}:{value.casefold()}")


def _ring(case: Case, kind: str, value: str, detail: str) -> bytes | None:
    """Within one organisation only: the same value gives another digest in every other."""
    compared = finding.ring_value(kind, value, detail)
    return sealing.digest(f"ring/{case.organisation_id}", compared) if compared else None
