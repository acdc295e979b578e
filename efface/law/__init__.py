"""Jurisdictions, notice types, desks, clocks, rules and the ladder, as typed data. See README.md."""

from efface.law.check import problems
from efface.law.load import load, read
from efface.law.model import (
    Channel,
    ClockRule,
    Condition,
    Desk,
    Element,
    Exposure,
    Jurisdiction,
    LadderStep,
    Law,
    LawError,
    Learns,
    Majority,
    NoticeType,
    Period,
    Provision,
    Risk,
    Rule,
    Source,
    TakedownRoute,
    Translation,
)

__all__ = [
    "Channel", "ClockRule", "Condition", "Desk", "Element", "Exposure", "Jurisdiction", "LadderStep", "Law", "LawError",
    "Learns", "Majority", "NoticeType", "Period", "Provision", "Risk", "Rule", "Source", "TakedownRoute",
    "Translation", "load", "problems", "read",
]  # fmt: skip
