"""Where everything that waits stands in the queue: one question to the database for all kinds together, which reads
what orders a decision and nothing of what it says. What a page shows is read afterwards, for these few alone.

The order here is that of ``Decision.order``; a test holds the two together for every kind.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, QuerySet, Subquery, UUIDField, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Concat

from efface.accounts.models import Member
from efface.cases import may
from efface.cases.models import Case as CaseRow
from efface.cases.models import Telling
from efface.console import (
    glance,
    waiting_arrivals,
    waiting_case,
    waiting_letters,
    waiting_levels,
    waiting_moved,
    waiting_opinions,
    waiting_police,
    waiting_search,
    waiting_suspected,
    waiting_takedown,
    waiting_telling,
)
from efface.console.decision import Decision
from efface.console.waiting_case import Within
from efface.takedown import filing, four_eyes
from efface.takedown.models import Check, Notice


@dataclass(frozen=True, slots=True)
class Place:
    """A decision's place. ``version`` changes whenever its row does; ``beside`` is what its kind needs to know besides;
    ``made`` the decision itself where its place cannot be told without it; ``together`` other rows that are decided
    with it, as forms of one case to one desk are."""

    kind: str
    id: uuid.UUID
    case_id: uuid.UUID | None
    danger: bool
    harm: int
    at: datetime
    version: str
    beside: str = ""
    made: Decision | None = None
    together: tuple[uuid.UUID, ...] = ()

    def order(self) -> tuple[bool, int, datetime, str]:
        return (not self.danger, self.harm, self.at, str(self.id))

    @classmethod
    def of(cls, one: Decision) -> Place:
        return cls(one.kind, one.id, one.case_id, one.danger, one.harm, one.due or one.since, one.mark, made=one)


_NOTHING = Value("")
Keep = Callable[[list[Place], Member, datetime], list[Place]]


def _all(places: list[Place], _member: Member, _now: datetime) -> list[Place]:
    return places


@dataclass(frozen=True, slots=True)
class Kind:
    """``rows`` wait; ``harm`` and ``at`` are what their decisions say of themselves, as SQL; ``keep`` leaves those that
    may be decided at this moment."""

    rows: Callable[[Member, datetime], QuerySet[Any]]
    harm: Any
    at: Any
    danger: Any = "case__danger"
    case: Any = "case_id"
    beside: Any = _NOTHING
    keep: Keep = _all


def _sendable(places: list[Place], member: Member, now: datetime) -> list[Place]:
    """Of notices those that may go out now; ``beside`` begins with the part of the recipient."""
    purposes = {place.id: filing.purpose(place.beside.partition("\n")[0]) for place in places}
    words = may.may_many({place.case_id for place in places if place.case_id}, set(purposes.values()), now)
    return [place for place in places if place.case_id and words[place.case_id, purposes[place.id]]]


def _drafts(places: list[Place], member: Member, now: datetime) -> list[Place]:
    """Without those on which this member gave the first of two words."""
    kept = _sendable(places, member, now)
    if not kept or not four_eyes.anything_from(member.user_id, {place.case_id for place in kept if place.case_id}):
        return kept
    rows = list(Notice.objects.filter(pk__in=[place.id for place in kept]).select_related("case", "route"))
    own = {pk for pk, word in four_eyes.words_of(rows).items() if word.by_id == member.user_id}
    return [place for place in kept if place.id not in own]


def _in_her_hours(places: list[Place], member: Member, now: datetime) -> list[Place]:
    rows = Telling.objects.filter(pk__in=[place.id for place in places]).select_related("case")
    open_now = {row.pk for row in waiting_telling.in_her_hours(list(rows))}
    return [place for place in places if place.id in open_now]


def _of_case(**conditions: Any) -> Exists:
    """For rows that name their case by its id alone."""
    return Exists(CaseRow.objects.filter(pk=OuterRef("case_id"), **conditions))


_TOLD_HARM = Case(When(occasion="returned", then=1), default=3)
_BACK = [{"kind": "return"}]

KINDS: dict[str, Kind] = {
    "arrival": Kind(lambda _m, _n: waiting_arrivals.arrival_rows(), 0, Coalesce("alarm_at", "opened_at"),
                    "danger", "pk"),
    "message": Kind(lambda _m, _n: waiting_case.message_rows(), 1, F("at")),
    "telling": Kind(lambda _m, now: waiting_telling.telling_rows(now), _TOLD_HARM, F("at"), keep=_in_her_hours),
    "unreached": Kind(lambda _m, now: waiting_telling.unreached_rows(now), _TOLD_HARM, F("at")),
    "attestation": Kind(lambda member, _n: waiting_case.attestation_rows(member), 1, F("first_at")),
    "signal": Kind(lambda _m, _n: waiting_police.signal_rows(), 0, F("at"), Value(True)),
    "police-request": Kind(lambda _m, _n: waiting_police.request_rows(), 1, F("asked_at")),
    "police-wish": Kind(lambda member, _n: waiting_police.wish_rows(member), 1, F("at")),
    "police-question": Kind(lambda _m, _n: waiting_police.question_rows(), 1, F("at")),
    "sign": Kind(lambda _m, _n: waiting_levels.sign_rows(), 0, F("at"), Value(True)),
    "face-alarm": Kind(lambda _m, _n: waiting_levels.alarm_rows(), 0, F("at")),
    "link": Kind(lambda _m, _n: waiting_case.link_rows(), 4, Coalesce("handled_at", "at")),
    "match": Kind(lambda _m, _n: waiting_search.match_rows(),
                  Case(When(reasons__contains=_BACK, then=1), When(strong=True, then=2), default=3), F("made_at")),
    "age": Kind(lambda _m, _n: waiting_search.age_rows(), 5, F("confirmed_at")),
    "site": Kind(lambda _m, _n: waiting_search.site_rows(), 7, F("added_at"), Value(False),
                 Value(None, UUIDField(null=True))),
    "suspected": Kind(lambda member, _n: waiting_suspected.suspected_rows(member), 0, F("made_at"), Value(False),
                      Value(None, UUIDField(null=True))),
    "notice": Kind(lambda _m, _n: waiting_takedown.notice_rows(Notice.State.DRAFT), waiting_takedown.LATER["notice"],
                   F("route__starts_at"), beside=F("route__role"), keep=_drafts),
    "moved": Kind(lambda _m, _n: waiting_moved.moved_rows(), 2, F("drafted_at")),
    "filing": Kind(lambda _m, _n: waiting_takedown.notice_rows(Notice.State.PREPARED),
                   waiting_takedown.LATER["filing"], F("drafted_at"),
                   beside=Concat("route__role", Value("\n"), "contact"), keep=_sendable),
    "send": Kind(lambda _m, _n: waiting_takedown.ambiguous_rows(), 1, Coalesce("sending_at", "created"),
                 _of_case(danger=True)),
    "reply": Kind(lambda _m, _n: waiting_takedown.reply_rows(), 3, F("at"), "notice__case__danger"),
    "publication": Kind(lambda _m, _n: waiting_letters.publication_rows(), 1, F("at")),
    "stuck": Kind(lambda _m, _n: waiting_takedown.stuck_rows(), 6, F("out")),
    "opinion": Kind(lambda member, _n: waiting_opinions.opinion_rows(member), 2, F("asked_at")),
    "conflict": Kind(
        lambda _m, _n: waiting_takedown.conflict_rows(), 2,
        Coalesce(
            Subquery(Check.objects.filter(finding=OuterRef("pk")).order_by("-at").values("at")[:1]), "confirmed_at"
        ),
    ),
}  # fmt: skip
"""Kinds whose places the database tells. Of the others (clocks of the law, reports, news that were not taken) a
decision is made to know it."""


MANY = 8
"""So many forms for each place are read at first: several of one case to one desk take one."""
_VERSION = '"{table}".xmin::text || "{table}".ctid::text'
"""A row as it stands: PostgreSQL says who wrote it last, and where, and both differ after every change."""


def places(
    member: Member, kinds: Collection[str], within: Within, now: datetime
) -> dict[str, tuple[list[Place], bool]]:  # fmt: skip
    """Of each of these ``kinds`` the most urgent ``within.most``, and whether more wait."""
    wanted = {kind: _rows(kind, member, within, now) for kind in kinds if not (within and kind in glance.NO_CASE)}
    # One more than is asked for, which tells whether more wait.
    step = within.most + 1
    first = {kind: step * (MANY if kind == "filing" else 1) for kind in wanted}
    met = _read([rows[: first[kind]] for kind, rows in wanted.items()])
    found: dict[str, list[Place]] = {kind: [] for kind in wanted}
    for place in met:
        found[place.kind].append(place)
    told = {}
    for kind, rows in wanted.items():
        full, kept = len(found[kind]) == first[kind], KINDS[kind].keep(found[kind], member, now)
        begin, size = first[kind], first[kind]
        # What is not to be decided now makes room for what is: looked for in larger and larger parts.
        while full and len(_folded(kept)) < step:
            size *= 4
            more = _read([rows[begin : begin + size]])
            full, begin = len(more) == size, begin + size
            kept += KINDS[kind].keep(more, member, now)
        shown = _folded(kept)
        told[kind] = (shown[: within.most], len(shown) > within.most)
    return told


def _folded(places: Iterable[Place]) -> list[Place]:
    """Forms of one case to one desk take one place, that of the most urgent; it changes when one of them does."""
    groups: dict[Any, list[Place]] = {}
    for place in places:
        groups.setdefault((place.case_id, place.beside) if place.kind == "filing" else place.id, []).append(place)
    return [_with(one, others) if others else one for one, *others in groups.values()]


def _with(one: Place, others: list[Place]) -> Place:
    version = "".join(place.version for place in (one, *others))
    return replace(one, together=tuple(place.id for place in others), version=version)


def _rows(kind: str, member: Member, within: Within, now: datetime) -> QuerySet[Any, Any]:
    said = KINDS[kind]
    rows = said.rows(member, now)
    column = "pk" if rows.model is CaseRow else "case_id"
    if within.case is not None:
        rows = rows.filter(**{column: within.case})
    if within.cases is not None:
        rows = rows.filter(**{f"{column}__in": within.cases})
    return (
        rows.annotate(
            o_kind=Value(kind), o_case=_plain(said.case), o_danger=_plain(said.danger), o_harm=_plain(said.harm),
            o_at=said.at,
            o_version=RawSQL(_VERSION.format(table=rows.model._meta.db_table), []),  # noqa: S611 - a table of ours
            o_beside=said.beside,
        )
        .order_by("-o_danger", "o_harm", "o_at", "pk")
        .values_list("o_kind", "pk", "o_case", "o_danger", "o_harm", "o_at", "o_version", "o_beside")
    )  # fmt: skip


def _plain(value: Any) -> Any:
    return F(value) if isinstance(value, str) else Value(value) if isinstance(value, int) else value


def _read(parts: list[QuerySet[Any, Any]]) -> list[Place]:
    if not parts:
        return []
    rows: Iterable[tuple[Any, ...]] = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    return [Place(*row) for row in rows]
