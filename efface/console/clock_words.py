"""A clock in plain words: whose turn it is, until when in local time, by which law, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from efface.law import Clock, ClockError, load
from efface.takedown import clocks, timing
from efface.takedown.models import ClockFact, Notice

ORDER = ("overdue", "running", "standing", "waiting", "met_late", "met")


@dataclass(frozen=True, slots=True)
class Line:
    """``state`` is the law's word for it, ``headline`` ours; ``when`` the end in local words, "" where there is none.
    ``cautions`` are what a person has to know before leaning on it."""

    key: str
    state: str
    headline: str
    when: str
    due: datetime | None
    law: str
    text: str
    cautions: tuple[str, ...]
    then: str = ""


def lines(notice: Notice, now: datetime) -> list[Line]:
    """Every clock of a notice, those that are over first. None of one that has not left."""
    if notice.state not in timing.HAVE:
        return []
    met = notice.finding.gone_at
    made = [_line(one, notice, now, met) for one in timing.counted(notice)]
    return sorted(made, key=lambda one: (ORDER.index(one.state), one.due.timestamp() if one.due else 0.0))


def _line(one: Clock, notice: Notice, now: datetime, met: datetime | None) -> Line:
    state = one.state(now, met if one.part not in clocks.WINDOW else None)
    return Line(
        one.key, state, _headline(one, state, notice), ends(one), one.due, one.citation, one.text,
        _cautions(one, state), one.then,
    )  # fmt: skip


def _headline(one: Clock, state: str, notice: Notice) -> str:
    party = notice.route.party_name or notice.route.party_key
    if one.part == "restore_from":
        return _("After the counter-notice it may come back from then on") if one.started else _("No counter-notice")
    if one.part == "restore_until":
        return _("After the counter-notice they have to put it back by then") if one.started else _("No counter-notice")
    who = _who(one, party)
    if state == "waiting":
        words = _("%(who)s: the time has not begun. It runs once this is known: %(event)s")
        return words % {"who": who, "event": begins(one.starts)}
    if state == "standing":
        return _("%(who)s: the time stands still until their question is answered") % {"who": who}
    if state == "overdue":
        return _("%(who)s: the time is over") % {"who": who}
    if state in ("met", "met_late"):
        return _("%(who)s: it is gone") % {"who": who}
    return _("%(who)s has time until") % {"who": who}


@dataclass(frozen=True, slots=True)
class Ahead:
    """A clock before anything was sent. ``who`` then has ``within`` from what ``begins`` says; ``law`` the provision,
    ``text`` what it means in words."""

    part: str
    who: str
    within: str
    begins: str
    law: str
    text: str


def ahead(notice_type: str, party: str, place: str) -> list[Ahead]:
    """Every clock a notice to ``party`` in ``place`` would have, the recipient's own first; none where the law names
    no number."""
    try:
        made = clocks.count(notice_type, (), place)
    except ClockError:
        return []
    return [
        Ahead(one.part, _who(one, party), one.within.words(), begins(one.starts), one.citation, one.text)
        for one in made
    ]  # fmt: skip


def _who(one: Clock, party: str) -> str:
    if one.part == "restore_from":
        return _("after a counter-notice it may not come back before")
    if one.part == "restore_until":
        return _("after a counter-notice it has to be put back within")
    return {
        "platform": _("the platform"), "authority": _("the authority"), "author": _("the author"),
        "sender": _("whoever posted it"), "merchant": _("the merchant"),
    }.get(one.who, party)  # fmt: skip


def begins(event: str) -> str:
    if event in ("sending", "filing"):
        return {"sending": _("we sent it"), "filing": _("we filed it")}[event]
    return str(ClockFact.Kind(event).label)


def ends(one: Clock) -> str:
    """The end where it is counted: a moment for hours, the end of a day for days, months and business days."""
    if one.due is None:
        return ""
    nowhere = one.zone.startswith("Etc/")
    if one.within.hours:
        zone = "UTC" if nowhere else one.zone
        there = one.due.astimezone(ZoneInfo(zone))
        return f"{formats.date_format(there, 'l, j F Y, H:i')} ({zone})"
    last = (one.due - timedelta(microseconds=1)).astimezone(ZoneInfo(one.zone))
    zone = _("wherever on earth that day ends last") if nowhere else one.zone
    return _("end of %(day)s (%(zone)s)") % {"day": formats.date_format(last, "l, j F Y"), "zone": zone}


def _cautions(one: Clock, state: str) -> tuple[str, ...]:
    found = []
    if not one.sure and one.due is not None:
        found.append(_("Holidays or time zone of the place are not known: it may end some days later. Look first."))
    if one.verify:
        found.append(_("Nobody here has read this provision itself yet: check it before you lean on it."))
    if state == "waiting" and one.part in ("main", "stage"):
        found.append(_("If you know that it happened, write it down: only then does the time run."))
    return tuple(found)


def kinds_with_clocks() -> list[str]:
    """Notice types of which any clock can ever run."""
    found = []
    for id, notice in load().notices.items():
        rules = (notice.clock, *notice.local_clocks.values())
        if any(one.period or one.stages or (one.counter_notice and one.counter_notice.not_before) for one in rules):
            found.append(id)
    return found


def with_lines(notices: Iterable[Notice], now: datetime) -> list[tuple[Notice, list[Line]]]:
    return [(one, found) for one in notices if (found := lines(one, now))]
