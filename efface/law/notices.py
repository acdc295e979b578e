"""Notice types: what a notice must say, to whom, who may send it, what must be so before, and what then runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from efface.law.base import Confidence, Exposure, Period

Event = Literal[
    "sending", "receipt", "filing", "acknowledgement", "confirmation", "authority_notice", "provider_inquiry",
    "merchant_complaint", "counter_notice", "court_order",
]  # fmt: skip
"""What starts a clock. Only the first five are seen from our side; the others are steps of somebody else, and their
clock starts when a person records that the step was taken."""

OURS: tuple[Event, ...] = ("sending", "receipt", "filing", "acknowledgement", "confirmation")

Fact = Literal[
    "", "link", "survivor_in", "recipient_in", "age", "site_type", "copyright_owner", "content_nature", "published",
    "asked", "paid_for", "has_file", "status", "police_wanted",
]  # fmt: skip
"""The facts a planner can test (``select.Facts``). "": only a person can say."""

Via = Literal["email", "form", "post", "api", "hash_list", "in_app", "phone", "in_person"]


@dataclass(frozen=True, slots=True)
class Element:
    """Something a notice must contain. ``citation`` is the provision that asks for it, "" where only practice does."""

    id: str
    text: str
    required: bool
    confidence: Confidence
    sources: tuple[str, ...]
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """What must be so before this notice may go. Where ``fact`` is given the condition holds if one of its values is
    in ``any_of``; a fact nobody knows leaves the condition open, which a person must close. ``only_in``: asked only
    where the depicted person lives in one of these places."""

    text: str
    fact: Fact = ""
    any_of: tuple[str, ...] = ()
    only_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A further clock: of another party, or after another event. ``who`` has to act within ``within``."""

    who: Literal["recipient", "platform", "authority", "author", "sender", "merchant"]
    starts: Event
    within: Period
    text: str
    confidence: Confidence
    sources: tuple[str, ...]
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Extension:
    """How far the recipient may lengthen the clock, and what it must do for that."""

    by: Period
    text: str
    confidence: Confidence
    sources: tuple[str, ...]
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """What stops the recipient's clock until it is over. Where the law names none the clock runs on, whatever we do."""

    by: Literal["identity_asked"]
    text: str
    confidence: Confidence
    sources: tuple[str, ...]
    citation: str = ""


@dataclass(frozen=True, slots=True)
class CounterNotice:
    """What happens when the other side objects. ``not_before`` and ``not_after``: when the content may come back,
    counted from the objection. ``then``: what we do."""

    text: str
    then: str
    confidence: Confidence
    sources: tuple[str, ...]
    citation: str = ""
    not_before: Period | None = None
    not_after: Period | None = None


@dataclass(frozen=True, slots=True)
class ClockRule:
    """The recipient's clock, counted from something we see. ``hours``, ``days``, ``months`` and ``business_days`` are
    all empty where the law names no number; then nobody invents one. ``calendar`` is the country whose holidays
    count and ``zone`` the IANA zone, "" for those of the recipient. ``rolls``: a period that ends on a rest day ends
    with the next working day."""

    hours: int | None
    starts: Event
    text: str
    confidence: Confidence
    sources: tuple[str, ...]
    citation: str = ""
    days: int | None = None
    months: int | None = None
    business_days: int | None = None
    calendar: str = ""
    zone: str = ""
    rolls: bool = False
    stages: tuple[Stage, ...] = ()
    extension: Extension | None = None
    counter_notice: CounterNotice | None = None
    pauses: tuple[Pause, ...] = ()

    @property
    def period(self) -> Period | None:
        """The length of this clock, None where the law names no number."""
        made = Period(self.hours, self.days, self.months, self.business_days)
        return made if made.given() else None


@dataclass(frozen=True, slots=True)
class Learns:
    """One line of the exposure preview: who comes to know what. ``line`` is a key of the words' ``exposure_line``;
    ``what`` is the sentence itself, filled from there."""

    who: Literal["recipient", "operator", "uploader", "public", "search"]
    line: str
    certain: bool = True
    what: str = ""


@dataclass(frozen=True, slots=True)
class NoticeType:
    """``statements`` are the declarations the law asks for (good_faith, accuracy, completeness, truth, sworn,
    penalty_of_perjury). ``form`` True: a person files it in a form, there is no mailbox. ``via``: all the ways it can
    go. ``languages``: those the recipient takes a notice in; in others it is only read. ``names_subject``: the
    recipient does not act without the depicted person's own name, so she must agree. ``local_clocks``: the clock where
    the place named has one of its own; the key is a jurisdiction."""

    id: str
    name: str
    law: str
    status: str
    as_of: date
    recipients: str
    addressed_to: tuple[str, ...]
    who_may_send: tuple[str, ...]
    preconditions: tuple[Condition, ...]
    elements: tuple[Element, ...]
    statements: tuple[str, ...]
    clock: ClockRule
    on_silence: tuple[str, ...]
    escalation: tuple[str, ...]
    risks: tuple[str, ...]
    exposure: Exposure
    learns: tuple[Learns, ...]
    languages: tuple[str, ...]
    confidence: Confidence
    sources: tuple[str, ...]
    via: tuple[Via, ...]
    recommended: tuple[str, ...] = ()
    form: bool = False
    names_subject: bool = False
    in_force: date | None = None
    never_cite: tuple[str, ...] = ()
    local_clocks: dict[str, ClockRule] = field(default_factory=dict)
    review_days: int = 180

    def clock_in(self, *places: str) -> ClockRule:
        """The clock in the first of ``places`` that has one of its own, otherwise the general one."""
        return next((self.local_clocks[place] for place in places if place in self.local_clocks), self.clock)
