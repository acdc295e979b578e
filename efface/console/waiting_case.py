"""What waits in the cases themselves: messages from survivors, attestations to approve, reported links."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from efface.accounts.models import Member
from efface.cases.models import Attestation, Case, CaseEvent, Message, ReportedLink
from efface.console.decision import Blank, Decision, Fact, Option, mark
from efface.engine.base import sealing

EACH = 30
#: Cases in which something may still be decided.
LIVING = (Case.State.OPEN, Case.State.PAUSED)


@dataclass(frozen=True, slots=True)
class Within:
    """Which part of what waits is asked for: of one ``case``, of ``cases`` (a query of their ids), of these
    rows (``ids``), or of all; ``most`` rows of each kind. True where it is less than all. ``asked``: whether these
    rows may be used was asked in this transaction already."""

    case: uuid.UUID | None = None
    cases: QuerySet[Any] | None = None
    most: int = EACH
    ids: Collection[uuid.UUID] | None = None
    asked: bool = False

    def __bool__(self) -> bool:
        return self.case is not None or self.cases is not None or self.ids is not None


def narrowed(
    rows: QuerySet[Any], case: Within | None, only: uuid.UUID | None, lock: bool,
    keep: Callable[[list[Any]], list[Any]] = list,
) -> list[Any]:  # fmt: skip
    """The rows that are asked for and that ``keep`` leaves, those of people in danger first, with the keys of their
    cases at hand."""
    if case and case.case is not None:
        rows = rows.filter(case_id=case.case)
    if case and case.cases is not None:
        rows = rows.filter(case_id__in=case.cases)
    if case and case.ids is not None:
        rows = rows.filter(pk__in=case.ids)
    if only:
        rows = rows.filter(pk=only)
    elif any(field.name == "case" for field in rows.model._meta.concrete_fields):
        rows = rows.order_by("-case__danger", *rows.query.order_by)
    if lock:
        rows = rows.select_for_update(of=("self",))
    most, begin = case.most if case is not None else EACH, 0
    found: list[Any] = []
    while len(found) < most:
        met = list(rows[begin : begin + most])
        found += met if case is not None and case.asked else keep(met)
        begin += most
        if len(met) < most:
            break
    found = found[:most]
    sealing.hold_case_keys({one.case_id for one in found if getattr(one, "case_id", None)})
    return found


def message_rows() -> QuerySet[Message]:
    return Message.objects.filter(from_survivor=True, read_at=None, case__state__in=LIVING)


def messages(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = message_rows().select_related("case")
    for one in narrowed(rows.order_by("at"), case, only, lock):
        yield Decision(
            kind="message",
            id=one.pk,
            case_id=one.case_id,
            reference=one.case.reference,
            danger=one.case.danger,
            title=_("A message from the survivor"),
            proposed=_("Read it and answer."),
            reason=_("She waits for an answer."),
            options=(Option("read", _("Read"), ""), Option("answer", _("Send the answer"), "primary")),
            blanks=(Blank("text", _("Answer"), long=True, needed_for=("answer",)),),
            facts=(),
            text_label=_("Message"),
            text=one.text or "",
            harm=1,
            since=one.at,
            mark=mark(one.pk),
        )


def attestation_rows(member: Member) -> QuerySet[Attestation]:
    rows = Attestation.objects.filter(second_at=None, refused_at=None, stopped_at=None, case__state__in=LIVING)
    return rows.exclude(first_worker=member.user_id)


def attestations(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    rows = attestation_rows(member).select_related("case", "first_worker", "conversation")
    for one in narrowed(rows.order_by("first_at"), case, only, lock):
        yield Decision(
            kind="attestation",
            id=one.pk,
            case_id=one.case_id,
            reference=one.case.reference,
            danger=one.case.danger,
            title=_("An attestation needs a second worker"),
            proposed=_("Approve, if you are convinced that this is the person shown."),
            reason=_(
                "Face and text search need two workers and 72 hours of cooling-off, so that nobody who controls her "
                "can turn "
                "them against her."
            ),
            options=(Option("approve", _("Approve"), "primary"), Option("refuse", _("Refuse"), "careful")),
            blanks=(Blank("why", _("Why you refuse"), needed_for=("refuse",)),),
            notes=(
                _(
                    "Refuse if you have any doubt: she loses some days, and can lose much more. Call her yourself, "
                    "alone, if you can. She sees in the portal when it starts and can stop it."
                ),
            ),
            facts=(
                Fact("case-kind", _("For"), str(one.case.get_kind_display())),
                *_held(one),
                Fact("first-worker", _("First worker"), one.first_worker.name),
                Fact("spoke-alone", _("Spoke with her alone"), _("yes") if one.spoke_alone else _("no")),
                Fact("proof", _("Proof seen (not kept)"), one.proof_seen),
            ),
            harm=1,
            since=one.first_at,
            mark=mark(one.pk, one.spoke_alone, one.proof_seen),
        )


def _held(one: Attestation) -> tuple[Fact, ...]:
    """How the conversation was held, where it was held by steps."""
    row = one.conversation
    if row is None:
        return ()
    way = {"in-person": _("in one room"), "video": _("by video")}.get(row.way, row.way)
    minutes = round(((row.ended_at or one.first_at) - row.begun_at).total_seconds() / 60)
    return (
        Fact("way", _("How"), way), Fact("minutes", _("Minutes it took"), str(minutes)),
        Fact("listening", _("Nobody could listen"), _("yes")), Fact("wants", _("She wants it herself"), _("yes")),
        Fact("face", _("Live face, proof and photos agree"), _("yes")),
    )  # fmt: skip


LINK_SETTLED = "link.settled"
#: Outcomes (``search.reported``) after which nothing more is left for a person to do.
LINK_FINE = ("matched", "seen: not recognised")


def link_words(outcome: str) -> str:
    """What came of a reported link, in words."""
    if outcome.startswith("wall"):
        return _("The page is behind a door: sign-in, age check or challenge")
    return {
        "matched": _("It is among the matches"),
        "seen: not recognised": _("It was put in front of a person, because she named it"),
        "seen: not allowed to search": _("She has not allowed her pictures to be compared"),
        "not a site": _("This is no address of a site"),
        "not there": _("There is no such page any more"),
        "no answer": _("The site did not answer"),
        "nothing shown": _("The page shows no picture that could be compared"),
        "moved away": _("The page leads somewhere else"),
        "stopped": _("Its site was stopped for suspected child material; nothing of it is looked at"),
    }.get(outcome, outcome)


def link_rows() -> QuerySet[ReportedLink]:
    settled = CaseEvent.objects.filter(kind=LINK_SETTLED, case_id=OuterRef("case_id"), subject=OuterRef("pk"))
    rows = ReportedLink.objects.filter(handled_at__isnull=False, case__state__in=LIVING)
    return rows.exclude(outcome__in=LINK_FINE).filter(~Exists(settled))


def links(
    member: Member, *, case: Within | None = None, only: uuid.UUID | None = None, lock: bool = False
) -> Iterator[Decision]:
    """Links that were looked at and led to nothing: a person says what becomes of them."""
    rows = link_rows().select_related("case")
    for one in narrowed(rows.order_by("at"), case, only, lock):
        yield Decision(
            kind="link",
            id=one.pk,
            case_id=one.case_id,
            reference=one.case.reference,
            danger=one.case.danger,
            title=_("A reported link that led to nothing"),
            proposed=_("Have it looked at again, ask her about it, or put it aside."),
            reason=link_words(one.outcome) + ".",
            options=(
                *([] if one.outcome == "stopped" else [Option("again", _("Look again"))]),
                Option("aside", _("Put aside")),
            ),
            facts=(
                Fact("url", _("Address"), one.url or "", address=True),
                Fact("outcome", _("What came of it"), one.outcome, side=True),
                Fact("by", _("Reported by"), one.by.split(":")[0]),
            ),
            harm=4,
            since=one.handled_at or one.at,
            mark=mark(one.pk, one.outcome),
        )
