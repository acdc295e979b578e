"""What all law records share. Facts name their ``sources`` (keys of ``Law.sources``) and their ``confidence``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Confidence = Literal["high", "medium", "low"]
"""high: official text, or several sources that agree. medium: one secondary source, or well known. low: check first."""

Exposure = Literal["none", "recipient_only", "uploader_possible", "public_possible"]


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
class Period:
    """A length of time as a law counts it. Exactly one of the four is given. ``hours`` are elapsed hours; ``days``
    and ``months`` are counted in the calendar of the place; ``business_days`` leave out rest days and holidays."""

    hours: int | None = None
    days: int | None = None
    months: int | None = None
    business_days: int | None = None

    def given(self) -> tuple[tuple[str, int], ...]:
        """The units that are given, with their number: one where the record is sound."""
        units = ("hours", self.hours), ("days", self.days), ("months", self.months), (
            "business_days", self.business_days,
        )  # fmt: skip
        return tuple((unit, number) for unit, number in units if number is not None)

    def words(self) -> str:
        """ "48 hours", "1 month"; "" where nothing is given."""
        return ", ".join(
            f"{number} {unit.replace('_', ' ') if number != 1 else unit.replace('_', ' ')[:-1]}"
            for unit, number in self.given()
        )
