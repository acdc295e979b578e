"""A look at a candidate's picture, where a worker cannot decide without: tiny, grey, blurred, while a key or finger
holds it. Counted per worker and shift, with a budget and a pause. Which pictures may be seen at all is not decided here
(``search.previewing``): never one that was confirmed, never one whose age is not known to be adult.
"""

from __future__ import annotations

import importlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from efface.accounts import audit
from efface.accounts.models import Member
from efface.console.decision import Decision
from efface.console.models import DeskRule, Look
from efface.engine.base import training
from efface.net.client import FetcherUnavailable
from efface.search.models import Match
from efface.search.suspicion import known
from efface.sites import stopped
from efface.takedown.figures.exposure import Looks

LOOKS, PAUSE_AFTER, PAUSE = 12, 4, timedelta(minutes=10)
"""Where an organisation says nothing else."""
SHOWS_MATCHES = ("pdq", "local", "vector")


@dataclass(frozen=True, slots=True)
class Rule:
    looks: int = LOOKS
    pause_after: int = PAUSE_AFTER
    pause: timedelta = PAUSE


@dataclass(frozen=True, slots=True)
class Budget:
    """``used`` of ``allowed`` in this shift; ``until``: a pause lasts until then."""

    used: int
    allowed: int
    until: datetime | None

    @property
    def left(self) -> int:
        return max(0, self.allowed - self.used)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing is shown, in words."""

    words: str


def rule() -> Rule:
    row = DeskRule.objects.order_by("-set_at", "-pk").first()
    return Rule(row.looks, row.pause_after, timedelta(minutes=row.pause_minutes)) if row is not None else Rule()


def set_rule(member: Member, looks: int, pause_after: int, pause_minutes: int, now: datetime) -> None:
    DeskRule.objects.create(
        organisation_id=member.organisation_id, looks=looks, pause_after=pause_after, pause_minutes=pause_minutes,
        set_by_id=member.user_id, set_at=now,
    )  # fmt: skip


def budget(member: Member, now: datetime) -> Budget:
    """Of this member's shift. A pause begins after so many looks that lie close together; only time ends it."""
    set_by = rule()
    moments = list(_looks(member, now).order_by("-at").values_list("at", flat=True))
    return judge(moments, set_by, now)


def judge(moments: list[datetime], set_by: Rule, now: datetime) -> Budget:
    """Pure. ``moments``: the looks of the shift, the latest first."""
    run = 0
    for number, at in enumerate(moments):
        if number and moments[number - 1] - at >= set_by.pause:
            break
        run += 1
    tired = bool(set_by.pause_after) and run > 0 and run % set_by.pause_after == 0
    until = moments[0] + set_by.pause if tired else None
    return Budget(len(moments), set_by.looks, until if until is not None and until > now else None)


def _looks(member: Member, now: datetime) -> Any:
    return Look.objects.filter(member=member, shift=timezone.localtime(now).date())


def offered(member: Member, decision: Decision, now: datetime) -> Budget | None:
    """For a decision whose picture may be looked at; None where there is none to offer."""
    if decision.kind != "match" or _previewing() is None:
        return None
    if not Match.objects.filter(pk=decision.id, kind__in=SHOWS_MATCHES, state=Match.State.CANDIDATE).exists():
        return None
    return budget(member, now)


def look(member: Member, match: uuid.UUID, now: datetime) -> Any | Refused:
    """Count one look and show the picture (``net.preview.Shown``), or say why not."""
    previewing = _previewing()
    row = Match.objects.select_related("case", "sighting__media", "sighting__site").filter(pk=match).first()
    if row is None or row.sighting is None:
        return Refused(_("It is not there any more."))
    if previewing is None:
        return Refused(_("Pictures cannot be looked at in this installation."))
    if training.here():
        if budget(member, now).until is None:
            _count(member, row, now)
        audit.record(member.organisation_id, f"{member.role}:{member.user_id}", "look.tried", str(match), now)
        return Refused(
            _("In training no picture is ever shown. At work this look would have counted, as it does here.")
        )  # fmt: skip
    standing = budget(member, now)
    if standing.until is not None:
        return Refused(_("A short pause. The next picture can be looked at in some minutes; decisions go on."))

    def count() -> bool:
        return _count(member, row, now)

    try:
        return previewing.show(row, stopped.fetcher(), count, known.configured(), now)
    except FetcherUnavailable:
        return Refused(_("The picture could not be fetched."))
    except previewing.PreviewRefused as refusal:
        return Refused(str(previewing.WORDS[refusal.reason]))


def _count(member: Member, row: Match, now: datetime) -> bool:
    """One look more, unless the budget is used up. Two windows at once count one after the other."""
    Member.objects.select_for_update(of=("self",)).get(pk=member.pk)
    if budget(member, now).left == 0:
        return False
    Look.objects.create(
        organisation_id=row.organisation_id, case_id=row.case_id, member=member, match=row.pk, at=now,
        shift=timezone.localtime(now).date(),
    )  # fmt: skip
    return True


def looks_of(organisation: uuid.UUID, since: datetime, until: datetime) -> Looks:
    """What a team looked at in a time, as sums, for its statistics: shifts are those in which somebody looked."""
    rows = Look.objects.filter(organisation_id=organisation, at__gte=since, at__lt=until)
    shifts = rows.values("member", "shift").distinct()
    return Looks(rows.count(), shifts.count(), rows.values("member").distinct().count())


def _previewing() -> Any:
    """The one way to see a picture, where this installation has it."""
    try:
        return importlib.import_module("efface.search.previewing")
    except ImportError:
        return None
