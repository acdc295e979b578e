"""Jurisdictions: what the law says there, and who helps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from efface.law.base import Confidence, Period
from efface.law.notices import Event

Covered = Literal["yes", "partial", "no", "unclear"]


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
    """A way the law of the place offers. ``notice_type`` is "" where there is no notice for it. The length of the
    clock is in one of ``hours``, ``days`` and ``months``; all empty where the law names no number. ``starts``: the
    event it runs from, which is not always our notice."""

    route: str
    addressed_to: str
    hours: int | None
    text: str
    citation: str
    status: str
    notice_type: str
    confidence: Confidence
    sources: tuple[str, ...]
    days: int | None = None
    months: int | None = None
    starts: Event = "receipt"
    conditions: tuple[str, ...] = ()

    @property
    def period(self) -> Period | None:
        made = Period(self.hours, self.days, self.months)
        return made if made.given() else None


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
class Majority:
    """The age at which a person decides alone. Whoever was under 18 in a picture is a minor for Efface everywhere."""

    age: int
    confidence: Confidence
    sources: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """``part_of`` names the place this one belongs to. What a part leaves empty is taken from there when the files are
    read, and the routes of the whole are added to its own. ``plain`` holds a few simple sentences per language."""

    id: str
    name: str
    as_of: date
    languages: tuple[str, ...]
    offence_sharing: Provision
    offence_threat: Provision
    synthetic: Provision
    plain: dict[str, str]
    kind: Literal["country", "part", "union"] = "country"
    part_of: str = ""
    emergency: str = ""
    extortion: Provision | None = None
    voyeurism: Provision | None = None
    civil: tuple[Provision, ...] = ()
    takedown: tuple[TakedownRoute, ...] = ()
    police: tuple[Desk, ...] = ()
    helplines: tuple[Desk, ...] = ()
    minors: tuple[Desk, ...] = ()
    regulators: tuple[Desk, ...] = ()
    reporting_risk: tuple[Risk, ...] = ()
    mandatory_reporting: Provision | None = None
    majority: Majority | None = None
    limitation: Provision | None = None
    notes: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()
    review_days: int = 180
