"""Steps that a person walks: planned by the machine, or added by hand; settled when nobody needs them any more.

The planner calls ``ensure`` for every way it plans that is no notice of ours, and ``settle`` for those it plans no
longer. Both are harmless a second time, and leave alone what a person has done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.db.models import QuerySet

from efface.cases import events
from efface.cases.may import May, may
from efface.cases.models import Age, Case, Purpose
from efface.engine.base import deadlines
from efface.law import Law, NoticeType, load
from efface.law.channels import Channel as Desk
from efface.law.select import PARTY_ROLE
from efface.search.models import Finding, FindingState
from efface.takedown import facts
from efface.takedown.channels import registry
from efface.takedown.channels.contract import Channel
from efface.takedown.channels.models import Step
from efface.takedown.models import Route

ENGINE = "engine"
SITE = "site:"
"""Keys of steps that are about a site rather than one of its pages."""
OUTDATED = "outdated:"
"""Keys of steps by which an engine is asked to look again at what is gone."""
VIA = {"form": "form", "email": "email", "api": "api", "post": "post", "phone": "phone"}
"""The dossier's word for a contact's channel to the law's."""


class StepRefused(ValueError):
    """The step cannot be taken. The message says why, in words for a worker."""


class Planned(Protocol):
    """What the planner hands over; ``plan.PlannedRoute`` is one. It may further have ``desk`` (an entry of the law
    data), ``hand`` ("worker" or "her") and ``via`` (a word of the law)."""

    @property
    def party_key(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def contact(self) -> str: ...
    @property
    def notice_type(self) -> str: ...
    @property
    def why(self) -> Sequence[str]: ...
    @property
    def starts(self) -> datetime: ...


def ensure(
    finding: Finding, planned: Planned, now: datetime, *, route: Route | None = None, made_by: str = ENGINE,
    key: str = "",
) -> Step:  # fmt: skip
    """The step for a planned way, made where it is not there yet. One that still waits is brought up to date; one that
    was done, or given up by a person, stays as it is. ``key``: what it is known by, "" for one of this finding alone.
    Raises ``registry.NoChannel``.

    What concerns a person rather than a page (police, hash lists) becomes one step of the case."""
    notice = load().notices[planned.notice_type]
    desk = str(getattr(planned, "desk", "") or "")
    via = str(getattr(planned, "via", "") or VIA.get(str(getattr(planned, "channel", "")), ""))
    try:
        channel = registry.choose(notice, planned.role, via, desk)
    except registry.NoChannel:
        channel = registry.choose(notice, planned.role, "", desk)
    if channel.hands == ("machine",):
        # A person writes there, where the planner wants a person.
        channel = registry.channel("form")
    key = key if key and not channel.whole_case else _key(channel, finding, planned, desk)
    there = Step.objects.select_for_update().filter(case_id=finding.case_id, key=key).first()
    contact, name = planned.contact[:500], planned.name[:200]
    why = "; ".join(planned.why)[:500]
    if there is not None:
        if there.state == Step.State.DROPPED and there.made_by == made_by == there.done_by:
            there.state, there.done_by = Step.State.TODO, ""
            there.save(update_fields=["state", "done_by"])
        if there.state == Step.State.TODO:
            _bring_up(there, planned, contact, name, why, route)
        return there
    hand = str(getattr(planned, "hand", "") or channel.hands[0])
    step = Step(
        organisation_id=finding.organisation_id, case_id=finding.case_id,
        finding=None if channel.whole_case else finding, episode=finding.episode, route=route, key=key,
        channel=channel.id, hand="her" if hand == "her" else "worker", purpose=purpose_of(channel, planned.role),
        notice_type=notice.id, role=planned.role, desk=desk, party_key=planned.party_key[:200], party_name=name,
        contact=contact, why=why, exposure=str(getattr(planned, "exposure", "") or channel.exposure),
        exposure_lines=exposure(channel, notice, name), made_at=now, made_by=made_by, starts_at=planned.starts,
        place=_place(desk),
    )  # fmt: skip
    step.save()
    events.record(finding.case, "step.planned", made_by, subject=step.pk, now=now, channel=channel.id, role=step.role)
    return step


def _bring_up(there: Step, planned: Planned, contact: str, name: str, why: str, route: Route | None) -> None:
    """A step that waits is as the latest plan has it; where a person wrote down where it goes, that stands."""
    before = (there.contact, there.party_name, there.why, there.route_id, there.starts_at)
    there.contact, there.party_name, there.why = contact or there.contact, name, why
    there.route = route or there.route
    there.starts_at = min(there.starts_at, planned.starts)
    if before != (there.contact, there.party_name, there.why, there.route_id, there.starts_at):
        there.save()


def settle(finding: Finding, keep: Collection[Step], now: datetime, why: str = "it is not planned any more") -> int:
    """Drop the machine's own steps about this finding that wait and are not in ``keep``; what asks an engine to look
    again is another's to drop. Returns how many."""
    rows = [row for row in _waiting(finding, keep) if not row.key.startswith(OUTDATED)]
    for row in rows:
        drop(row, ENGINE, why, now)
    return len(rows)


def over(finding: Finding, keep: Collection[Step], now: datetime, why: str) -> int:
    """Nothing more is done about this finding: its own steps that wait are dropped, and what is about the site as well
    goes on with another page of hers there. Returns how many were dropped."""
    other = sharing(finding).exclude(pk=finding.pk).first()
    count = 0
    for row in _waiting(finding, keep):
        if other is not None and row.key.startswith(SITE):
            row.finding = other
            row.save(update_fields=["finding"])
        else:
            drop(row, ENGINE, why, now)
            count += 1
    return count


def _waiting(finding: Finding, keep: Collection[Step]) -> list[Step]:
    rows = Step.objects.select_for_update(of=("self",)).select_related("case")
    return list(
        rows.filter(finding=finding, state=Step.State.TODO, made_by=ENGINE).exclude(pk__in=[one.pk for one in keep])
    )


def sharing(finding: Finding) -> QuerySet[Finding]:
    """The findings of the case on the same site that something is still done about, in the same episode: they share
    their steps."""
    rows = Finding.objects.filter(case_id=finding.case_id, site_id=finding.site_id, episode=finding.episode, stopped="")
    return rows.exclude(state=FindingState.GONE_CONFIRMED).order_by("confirmed_at", "pk")


def drop(step: Step, actor: str, why: str, now: datetime) -> None:
    """It is not needed. The caller holds the row's lock."""
    step.state, step.done_by = Step.State.DROPPED, actor
    if step.case.state == Case.State.ERASED:
        # Of an erased case nothing is sealed any more.
        step.save(update_fields=["state", "done_by"])
        deadlines.cancel(subject=step.pk)
        return
    step.state_why = why
    step.save(update_fields=["state", "done_by", "state_why"])
    deadlines.cancel(subject=step.pk)
    events.record(step.case, "step.dropped", actor, subject=step.pk, now=now, channel=step.channel)


def add(
    case: Case, channel_id: str, now: datetime, *, by: str, notice_type: str, role: str, desk: str = "",
    name: str = "", contact: str = "", hand: str = "", why: str = "", finding: Finding | None = None,
) -> Step:  # fmt: skip
    """A step a person adds by hand. Raises ``StepRefused``."""
    channel, law = registry.channel(channel_id), load()
    notice = law.notices.get(notice_type)
    if "machine" in channel.hands:
        raise StepRefused("this way is taken by the machine: approve a notice instead")
    if notice is None or not any(channel.serves(notice.id, word, way, desk) for word in _words(role)
                                 for way in channel.via):  # fmt: skip
        raise StepRefused("this way does not take that kind of request")
    if finding is not None and finding.case_id != case.pk:
        raise StepRefused("this page belongs to another case")
    chosen = hand or channel.hands[0]
    if chosen not in channel.hands:
        raise StepRefused("this is done by somebody else")
    word = allowed(case, channel, purpose_of(channel, role), finding, now)
    if not word:
        raise StepRefused(word.reason)
    against = facts.unwelcome(case, contact, name, finding)
    if against:
        raise StepRefused(against)
    known = law.channels.get(desk)
    label = (name or (known.name if known else ""))[:200]
    seed = f"{by}:{now.isoformat()}:{desk}:{notice_type}:{finding.pk if finding else ''}"
    step = Step(
        organisation_id=case.organisation_id, case=case, finding=None if channel.whole_case else finding,
        episode=finding.episode if finding else 1, key=f"hand:{_short(seed)}", channel=channel.id, hand=chosen,
        purpose=purpose_of(channel, role), notice_type=notice.id, role=role, desk=desk if known else "",
        party_key=f"desk:{desk}" if known else "", party_name=label,
        contact=(contact or (known.url if known else ""))[:500],
        why=why[:500], exposure=channel.exposure, exposure_lines=exposure(channel, notice, label), made_at=now,
        made_by=by, starts_at=now, place=_place(desk),
    )  # fmt: skip
    step.save()
    events.record(case, "step.planned", by, subject=step.pk, now=now, channel=channel.id, role=role)
    return step


def for_case(
    case: Case, channel: Channel, notice: NoticeType, desk: Desk | None, now: datetime, *, by: str, hand: str = "",
    role: str = "", name: str = "", contact: str = "", why: str = "",
) -> Step:  # fmt: skip
    """The one step of the case at this desk, the same whether a planner, a worker or she herself came first. Where the
    law data have no entry, ``role``, ``name`` and ``contact`` say whom it goes to."""
    role, known = (desk.role, desk.id) if desk is not None else (role, "")
    name, contact = (desk.name, desk.url) if desk is not None else (name, contact)
    moved = Step.objects.filter(case=case, key=moved_key(notice.id)).first()
    if moved is not None:
        return moved
    step, made = Step.objects.get_or_create(
        case=case, key=case_key(channel.id, notice.id, known or name),
        defaults={
            "organisation_id": case.organisation_id, "channel": channel.id, "hand": hand or channel.hands[0],
            "purpose": purpose_of(channel, role), "notice_type": notice.id, "role": role, "desk": known,
            "party_key": f"desk:{known or name}"[:200], "party_name": name[:200], "contact": contact[:500],
            "why": why[:500], "exposure": channel.exposure, "exposure_lines": exposure(channel, notice, name),
            "made_at": now, "made_by": by, "starts_at": now, "place": _place(known),
        },
    )  # fmt: skip
    if made:
        events.record(case, "step.planned", by, subject=step.pk, now=now, channel=channel.id, role=role)
    return step


def allowed(case: Case, channel: Channel, purpose: str, finding: Finding | None, now: datetime) -> May:
    """May this be done at this moment? For an adult the one question every use asks. Of somebody who was, or may have
    been, under 18 nothing may be used; what stays open are the ways made for them, and only while the case is open.
    What she does on her own device uses nothing of the case: it needs no consent of hers to herself."""
    if channel.medium == "device":
        return May(case.state == Case.State.OPEN, "" if case.state == Case.State.OPEN else "The case is not open.")
    if case.age == Age.ADULT and (finding is None or finding.age == Age.ADULT):
        if finding is not None and finding.stopped:
            return May(False, "Work on this page was stopped.")
        return may(case, purpose, now)
    if not channel.minors:
        return May(False, "The person's age when the pictures were made is not known to be 18 or more.")
    return May(case.state == Case.State.OPEN, "" if case.state == Case.State.OPEN else "The case is not open.")


def may_do(step: Step, now: datetime) -> May:
    """May this step be taken at this moment, and may it go where it leads? Asked again each time: who must never hear
    of it may have been named since it was written down."""
    word = allowed(step.case, registry.channel(step.channel), step.purpose, step.finding, now)
    if not word:
        return word
    against = facts.unwelcome(step.case, step.contact, step.party_name, step.finding)
    return May(False, against) if against else word


def purpose_of(channel: Channel, role: str) -> str:
    """The consent it needs: the channel's own, else that of writing to this kind of party."""
    if channel.purpose is not None:
        return channel.purpose
    return str(Purpose.CONTACT_OPERATOR if PARTY_ROLE.get(role, role) == "site_operator" else Purpose.NOTIFY)


def exposure(channel: Channel, notice: NoticeType, name: str) -> list[dict[str, Any]]:
    """Who comes to know what, as stored on a row: what the notice tells, and what the way itself adds."""
    lines = [
        {"who": name if one.who in ("recipient", "search") and name else one.who, "learns": one.what,
         "certain": one.certain}
        for one in notice.learns
    ]  # fmt: skip
    if str(channel.adds):
        lines.append({"who": name or "the recipient", "learns": str(channel.adds), "certain": False})
    return lines


def desks(law: Law, channel: Channel, country: str = "") -> list[Desk]:
    """The law data's desks this channel leads to, those of her own place first."""
    fit = [
        desk for desk in law.channels.values()
        if desk.id in channel.desks or any(
            channel.serves(one, desk.role, via) for one in desk.notice_types for via in desk.via
        )
    ]  # fmt: skip
    here = set(law.places(country))
    usable = [desk for desk in fit if not desk.places or not country or here & set(desk.places)]
    return sorted(usable, key=lambda desk: (not (here & set(desk.places)), desk.name))


def _place(desk: str) -> str:
    """The jurisdiction a desk sits in, where it is one and the same for all it does."""
    known = load().channels.get(desk)
    return known.places[0] if known is not None and len(known.places) == 1 else ""


def _words(role: str) -> set[str]:
    return {role, PARTY_ROLE.get(role, role)}


def site_key(finding: Finding, planned: str) -> str:
    """What a step of a plan about a site is known by: one for all pages of hers there, and anew when it comes back.
    ``planned`` is the plan's own name for it."""
    return f"{SITE}{finding.site_id}:{finding.episode}:{_short(planned)}"


def case_key(channel: str, notice_type: str, desk: str) -> str:
    """What a step of the whole case is known by."""
    return f"case:{channel}:{_short(f'{notice_type}:{desk}')}"


def case_keys(notice_type: str, desk: str) -> list[str]:
    """``case_key`` whichever channel it went by."""
    return [case_key(one, notice_type, desk) for one in registry.all_channels()]


def moved_key(notice_type: str) -> str:
    """A step of the whole case from before steps were kept by desk: it stands for every desk of its kind."""
    return f"case:moved:{_short(notice_type)}"


def _key(channel: Channel, finding: Finding, planned: Planned, desk: str) -> str:
    what = f"{planned.notice_type}:{desk or planned.party_key}"
    if channel.whole_case:
        return f"case:{channel.id}:{_short(what)}"
    return f"{finding.pk}:{finding.episode}:{_short(what)}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
