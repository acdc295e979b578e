"""Jurisdictions, notice types, clocks, rules and the ladder, as typed data. See README.md."""

from efface.law.check import problems
from efface.law.load import load, read
from efface.law.model import (
    ClockRule,
    Desk,
    Element,
    Exposure,
    Jurisdiction,
    LadderStep,
    Law,
    LawError,
    Learns,
    NoticeType,
    Provision,
    Risk,
    Rule,
    Source,
)

__all__ = [
    "ClockRule", "Desk", "Element", "Exposure", "Jurisdiction", "LadderStep", "Law", "LawError", "Learns",
    "NoticeType", "Provision", "Risk", "Rule", "Source", "load", "problems", "read",
]  # fmt: skip
