"""Where a case could go, and whom that may hurt: read from the law of the places it touches. Pure but for the case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from efface.cases.models import Age, Case
from efface.law import Desk, Jurisdiction, Law, load


@dataclass(frozen=True, slots=True)
class Way:
    """A prepared step: what a desk is called, what it is for, and its own address. Nothing is ever sent to it."""

    id: str
    name: str
    covers: str
    url: str
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What the law of one place offers. ``risks`` are (whom, how), ``duty`` what the place says of reporting without
    her, "" where nothing is known; ``duty_sure`` False: somebody has to check it first."""

    id: str
    name: str
    emergency: str
    police: tuple[Desk, ...]
    helplines: tuple[Desk, ...]
    minors: tuple[Desk, ...]
    risks: tuple[tuple[str, str], ...]
    duty: str
    duty_cite: str
    duty_sure: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """``unknown`` True: where she lives is not known, so nothing here can be said to be hers."""

    places: tuple[Place, ...]
    hotlines: tuple[Way, ...]
    unknown: bool

    @property
    def risks(self) -> tuple[tuple[str, str, str], ...]:
        return tuple((place.name, who, how) for place in self.places for who, how in place.risks)


HOTLINES = ("ncmec_cybertipline", "iwf", "inhope", "hotline_ie", "safernet_br", "pharos", "ua_stopcrime")


def prepared(case: Case, organisation_country: str = "", law: Law | None = None) -> Prepared:
    """Desks of where she is and of where the organisation is; for a minor the hotlines too, the nearest first."""
    law = law or load()
    codes = [code for code in dict.fromkeys((case.country, organisation_country)) if code]
    found = [place for code in codes if (place := law.place(code)) is not None]
    places = tuple(_place(one, law) for one in {place.id: place for place in found}.values())
    hotlines = tuple(_hotlines(law, codes)) if case.age != Age.ADULT else ()
    return Prepared(places, hotlines, not case.country)


def _place(one: Jurisdiction, law: Law) -> Place:
    duty = one.mandatory_reporting
    return Place(
        one.id, one.name, one.emergency, one.police, one.helplines, one.minors,
        tuple((risk.who, risk.text) for risk in one.reporting_risk), duty.text if duty else "",
        duty.citation if duty else "", duty is not None and not law.to_verify(duty),
    )  # fmt: skip


def _hotlines(law: Law, codes: Iterable[str]) -> list[Way]:
    near = {place for code in codes for place in law.places(code)}
    rows = [law.channels[id] for id in HOTLINES if id in law.channels]
    rows.sort(key=lambda one: not (set(getattr(one, "places", ())) & near))
    return [Way(one.id, one.name, one.covers, one.url, one.contact) for one in rows]
