"""Jurisdictions, notice types, desks, clocks, rules and the ladder, as typed data. See README.md."""

from efface.law.check import problems, warnings
from efface.law.clocks import Clock, ClockError, Hold, clocks_of
from efface.law.load import load, read
from efface.law.model import (
    Calendar,
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
from efface.law.select import Facts, Option, Refused, Selection, applicable, copyright_owner

__all__ = [
    "Calendar", "Channel", "Clock", "ClockError", "ClockRule", "Condition", "Desk", "Element", "Exposure", "Facts",
    "Hold", "Jurisdiction", "LadderStep", "Law", "LawError", "Learns", "Majority", "NoticeType", "Option", "Period",
    "Provision", "Refused", "Risk", "Rule", "Selection", "Source", "TakedownRoute", "Translation", "applicable",
    "clocks_of", "copyright_owner", "load", "problems", "read", "warnings",
]  # fmt: skip
