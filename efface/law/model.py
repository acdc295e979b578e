"""The law as a whole. All records are frozen; see ``base``, ``notices``, ``places`` and ``channels`` for the parts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from efface.law.base import Confidence, Exposure, LawError, Period, Source
from efface.law.calendars import PLAIN, Calendar
from efface.law.channels import Channel
from efface.law.notices import ClockRule, Condition, Element, Learns, NoticeType, Pause
from efface.law.places import Covered, Desk, Jurisdiction, Majority, Provision, Risk, TakedownRoute

RuleKind = Literal["safety", "routing"]


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


_PLACED = str.maketrans({
    "ґ": "г\uffff", "є": "е\uffff", "і": "и\uffff", "ї": "и\uffff\uffff", "й": "и\uffff\uffff\uffff", "ł": "l\uffff",
})  # fmt: skip


def alphabetical(name: str) -> str:
    """A key to sort names by: letters with a mark stand beside those without, Ukrainian ones where its alphabet has
    them."""
    placed = unicodedata.normalize("NFKD", name.casefold().translate(_PLACED))
    return "".join(one for one in placed if not unicodedata.combining(one))


@dataclass(frozen=True, slots=True)
class Translation:
    """The words of one language: names of notice types, who learns what, how far a notice exposes."""

    notice_types: dict[str, str]
    exposure: dict[str, str]
    who: dict[str, str]
    exposure_line: dict[str, str]


@dataclass(frozen=True, slots=True)
class Law:
    """``no_clock`` are the notice types whose law names no number of hours or days: none may ever be given one.
    ``unread`` are lines of its files that nothing reads any more, with what to do about each. ``place_names`` are the
    names of jurisdictions by language and id."""

    as_of: date
    sources: dict[str, Source]
    words: dict[str, dict[str, str]]
    groups: dict[str, tuple[str, ...]]
    notices: dict[str, NoticeType]
    jurisdictions: dict[str, Jurisdiction]
    rules: tuple[Rule, ...]
    ladder: tuple[LadderStep, ...]
    channels: dict[str, Channel] = field(default_factory=dict)
    translations: dict[str, Translation] = field(default_factory=dict)
    no_clock: tuple[str, ...] = ()
    calendars: dict[str, Calendar] = field(default_factory=dict)
    zones: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    place_names: dict[str, dict[str, str]] = field(default_factory=dict)

    def in_eu(self, country: str) -> bool:
        """``country`` is an ISO 3166 alpha-2 code; "" is not in the EU."""
        return country.upper() in self.groups["eu"]

    def countries(self) -> dict[str, Jurisdiction]:
        """The jurisdictions that are countries, by ISO 3166 alpha-2 code: not their parts, not the Union."""
        return {id: place for id, place in self.jurisdictions.items() if place.kind == "country"}

    def places(self, code: str) -> tuple[str, ...]:
        """Every place ``code`` lies in, the narrowest first: "US-CA" is in US-CA and US, "FR" in FR and EU."""
        code = code.strip().upper()
        if not code:
            return ()
        found = [code]
        if "-" in code:
            found.append(code.partition("-")[0])
        if any(self.in_eu(one) for one in found):
            found.append("EU")
        return tuple(found)

    def place(self, code: str) -> Jurisdiction | None:
        """The narrowest jurisdiction known for ``code``: the part, else the country, else the Union, else None."""
        return next((self.jurisdictions[one] for one in self.places(code) if one in self.jurisdictions), None)

    def calendar(self, code: str) -> Calendar:
        """The working days of the country ``code`` lies in; rest days only where its holidays are not known."""
        return next((self.calendars[one] for one in self.places(code) if one in self.calendars), PLAIN)

    def zones_of(self, code: str) -> tuple[str, ...]:
        """The IANA zones of the country ``code`` lies in; () where they are not known."""
        return next((self.zones[one] for one in self.places(code) if one in self.zones), ())

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

    def to_verify(self, record: Any) -> bool:
        """Whether a fact must be checked before it is leaned on: nobody has read a text for it, or it is uncertain."""
        keys: tuple[str, ...] = getattr(record, "sources", ())
        unread = bool(keys) and all(self.sources[key].kind == "known" for key in keys if key in self.sources)
        return unread or getattr(record, "confidence", "high") == "low"

    def said(self, language: str, kind: Literal["notice_types", "exposure", "who", "exposure_line"], key: str) -> str:
        """A word or sentence in ``language``, in English where there is none."""
        there = self.translations.get(language)
        if there is not None and key in getattr(there, kind):
            return str(getattr(there, kind)[key])
        if kind == "notice_types":
            return self.notices[key].name
        return self.words[kind].get(key, key)

    def called(self, id: str, language: str = "en") -> str:
        """The name of a jurisdiction in ``language``, in English where there is none."""
        return self.place_names.get(language.split("-")[0], {}).get(id) or self.jurisdictions[id].name

    def by_name(self, places: Iterable[Jurisdiction], language: str = "en") -> list[tuple[str, Jurisdiction]]:
        """Places with their names in ``language``, in the order of its alphabet."""
        named = [(self.called(place.id, language), place) for place in places]
        return sorted(named, key=lambda one: alphabetical(one[0]))

    def plainly(self, code: str, language: str = "en") -> str:
        """What the law of the place says, in a few simple sentences; "" where nothing is known."""
        place = self.place(code)
        return place.plain.get(language, place.plain.get("en", "")) if place else ""


__all__ = [
    "Calendar", "Channel", "ClockRule", "Condition", "Confidence", "Covered", "Desk", "Element", "Exposure",
    "Jurisdiction", "LadderStep", "Law", "LawError", "Learns", "Majority", "NoticeType", "Pause", "Period",
    "Provision", "Risk", "Rule", "Source", "TakedownRoute", "Translation",
]  # fmt: skip
