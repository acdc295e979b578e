"""The shapes of the law data. All frozen; facts name their ``sources`` (keys of ``Law.sources``) and ``confidence``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Confidence = Literal["high", "medium", "low"]
"""high: official text, or several sources that agree. medium: one secondary source, or well known. low: check first."""

Exposure = Literal["none", "recipient_only", "uploader_possible", "public_possible"]
Covered = Literal["yes", "partial", "no", "unclear"]
RuleKind = Literal["safety", "routing"]


class LawError(ValueError):
    """A law file does not have the shape it must have. The message names file and field."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact was read. ``kind``: primary (the text itself), secondary, practice (what a desk says it does),
    known (common professional knowledge; the citation must be checked before it is leaned on)."""

    title: str
    kind: Literal["primary", "secondary", "practice", "known"]
    checked: date
    url: str = ""


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
class ClockRule:
    """``hours`` is None where the law names no number; then nobody invents one. ``starts`` says from what event."""

    hours: int | None
    starts: str
    text: str
    confidence: Confidence
    sources: tuple[str, ...]
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Learns:
    """One line of the exposure preview: who comes to know what."""

    who: Literal["recipient", "operator", "uploader", "public", "search"]
    what: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class NoticeType:
    """``statements`` are the declarations the law asks for (good_faith, accuracy, completeness,
    penalty_of_perjury). ``form`` True: a person files it in a form, there is no mailbox."""

    id: str
    name: str
    law: str
    status: str
    as_of: date
    recipients: str
    addressed_to: tuple[str, ...]
    who_may_send: tuple[str, ...]
    preconditions: tuple[str, ...]
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
    recommended: tuple[str, ...] = ()
    form: bool = False
    in_force: date | None = None
    never_cite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provision:
    """One rule of a jurisdiction. ``cite`` is the short form a notice may quote; "" where it must not be quoted."""

    text: str
    citation: str
    confidence: Confidence
    sources: tuple[str, ...]
    cite: str = ""
    covered: Covered | None = None


@dataclass(frozen=True, slots=True)
class TakedownRoute:
    route: str
    addressed_to: str
    hours: int | None
    text: str
    citation: str
    status: str
    notice_type: str
    confidence: Confidence
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """A helpline, hotline, police unit or regulator a person may turn to."""

    name: str
    confidence: Confidence
    sources: tuple[str, ...]
    contact: str = ""
    note: str = ""
    crisis: bool = False


@dataclass(frozen=True, slots=True)
class Risk:
    """Whom a report to the authorities may hurt, and how: shown before police are proposed."""

    who: str
    text: str
    confidence: Confidence
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    id: str
    name: str
    as_of: date
    languages: tuple[str, ...]
    offence_sharing: Provision
    offence_threat: Provision
    synthetic: Provision
    takedown: tuple[TakedownRoute, ...]
    police: tuple[Desk, ...]
    helplines: tuple[Desk, ...]
    minors: tuple[Desk, ...]
    reporting_risk: tuple[Risk, ...]
    emergency: str
    regulators: tuple[Desk, ...] = ()
    notes: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A safety rule (S*) or routing rule (R*). Safety rules are applied first, in order of their id."""

    id: str
    kind: RuleKind
    when: str
    then: str
    why: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LadderStep:
    """``at_hours``: earliest start after the finding was confirmed; None: not by time (see ``at``).
    ``hostile_at_hours``: the same where the operator is hostile; -1: never there."""

    step: int
    roles: tuple[str, ...]
    target: str
    at: str
    at_hours: int | None
    hostile_at_hours: int | None
    silent_hours: int | None


@dataclass(frozen=True, slots=True)
class Law:
    as_of: date
    sources: dict[str, Source]
    words: dict[str, dict[str, str]]
    groups: dict[str, tuple[str, ...]]
    notices: dict[str, NoticeType]
    jurisdictions: dict[str, Jurisdiction]
    rules: tuple[Rule, ...]
    ladder: tuple[LadderStep, ...]
    chasers_hours: tuple[int, ...] = field(default=())

    def in_eu(self, country: str) -> bool:
        """``country`` is an ISO 3166 alpha-2 code; "" is not in the EU."""
        return country.upper() in self.groups["eu"]

    def offence(self, country: str, synthetic: bool = False) -> str:
        """The offence a notice may quote for ``country``, "" where none is known well enough to quote.

        For synthetic material only where the law of the place covers it."""
        place = self.jurisdictions.get(country.upper())
        if place is None:
            return ""
        if synthetic:
            return place.synthetic.cite if place.synthetic.covered in ("yes", "partial") else ""
        return place.offence_sharing.cite

    def rule(self, id: str) -> Rule:
        return next(rule for rule in self.rules if rule.id == id)

    def step(self, role: str) -> LadderStep | None:
        """The ladder step of a party role, None where the ladder has none."""
        return next((step for step in self.ladder if role in step.roles), None)
