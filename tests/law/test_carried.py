"""Nothing of the research is lost, and nothing is made surer than it was found."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from efface.law import ClockRule, load

RESEARCH = Path(__file__).parents[3] / "shared" / "law"
pytestmark = pytest.mark.skipif(not RESEARCH.is_dir(), reason="the research notes are not beside the repository")

SURE = {"low": 0, "medium": 1, "high": 2}
TOLD_BY_REFERENCE = {"same", "xarf_core"}
"""Elements that only point at another type's, and one that describes a format: that stands under ``recommended``."""


def research(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((RESEARCH / f"{name}.yaml").read_text(encoding="utf-8")))


def by_id(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in records}


def test_every_notice_type_is_here() -> None:
    assert set(load().notices) == set(by_id(research("notices")["notices"]))


def test_every_jurisdiction_is_here_and_one_for_the_whole_kingdom() -> None:
    assert set(load().jurisdictions) == {*by_id(research("jurisdictions")["jurisdictions"]), "GB"}


def test_every_desk_is_here_with_its_address() -> None:
    found = by_id(research("channels")["channels"])
    assert set(load().channels) == set(found)
    for id, old in found.items():
        new = load().channels[id]
        address = re.match(r"https://[^\s)]+", old.get("url") or "")
        assert not address or new.url.rstrip("/") == address[0].rstrip("/"), id
        if old.get("notice_type"):
            assert new.notice_types, id
        assert SURE[new.confidence] <= SURE[old["confidence"]], id


def test_every_word_is_here() -> None:
    for name, words in research("notices")["enums"].items():
        assert set(load().words[name]) == set(words), name


def test_every_rule_and_step_is_here() -> None:
    numbers = {rule.id.partition("_")[0] for rule in load().rules}
    assert {rule["id"].partition("_")[0] for rule in research("notices")["routing_rules"]} <= numbers
    assert len(load().ladder) == len(research("notices")["escalation_ladder"])


def test_every_element_a_notice_needs_is_here() -> None:
    for id, old in by_id(research("notices")["notices"]).items():
        new = {element.id: element for element in load().notices[id].elements}
        for element in old["required_elements"]:
            if element["id"] in TOLD_BY_REFERENCE:
                continue
            assert element["id"] in new, (id, element["id"])
            mine = new[element["id"]]
            assert mine.required == element["required"], (id, element["id"])
            assert SURE[mine.confidence] <= SURE[element["confidence"]], (id, element["id"])


def numbers(clock: ClockRule) -> set[int]:
    """Every length of a clock and its stages, in hours, a month as thirty days."""
    hours = {"hours": 1, "days": 24, "months": 720, "business_days": 24}
    periods = [clock.period, *(stage.within for stage in clock.stages)]
    return {number * hours[unit] for period in periods if period for unit, number in period.given()}


def test_every_number_of_a_clock_is_here_and_no_other() -> None:
    local = {"tos_report": {24, 48, 168, 720}, "payment_network": set(), "nz_hdca_s24": {48}}
    for id, old in by_id(research("notices")["notices"]).items():
        deadline = old["recipient_deadline"]
        wanted = {deadline["hours"]} if deadline.get("hours") else set()
        wanted |= {deadline["days"] * 24} if "days" in deadline else set()
        wanted |= {deadline["business_days"] * 24} if "business_days" in deadline else set()
        notice = load().notices[id]
        mine = set().union(*(numbers(one) for one in (notice.clock, *notice.local_clocks.values())))
        assert wanted <= mine, id
        assert mine - wanted <= local.get(id, set()) | ({168} if id == "tos_report" else set()), id


def test_every_route_with_a_clock_is_here() -> None:
    for id, old in by_id(research("jurisdictions")["jurisdictions"]).items():
        mine = [one.period.words() for one in load().jurisdictions[id].takedown if one.period]
        as_words = {720: ("1 month", "30 days"), 168: ("7 days",), 48: ("48 hours", "2 days")}
        for route in old["takedown"]:
            hours = route["statutory_hours"]
            if hours is None:
                continue
            assert any(words in mine for words in as_words.get(hours, (f"{hours} hours",))), (id, route["route"])


def test_no_law_is_surer_or_wider_than_it_was_found() -> None:
    for id, old in by_id(research("jurisdictions")["jurisdictions"]).items():
        new = load().jurisdictions[id]
        assert new.synthetic.covered == old["synthetic"]["covered"], id
        for name in ("offence_sharing", "offence_threat", "synthetic"):
            mine = getattr(new, name)
            assert SURE[mine.confidence] <= SURE[old[name]["confidence"]], (id, name)
            assert bool(mine.citation) or not old[name].get("citation"), (id, name)


def test_every_number_to_call_is_here() -> None:
    for id, old in by_id(research("jurisdictions")["jurisdictions"]).items():
        new = load().jurisdictions[id]
        desks = (*new.police, *new.helplines, *new.minors, *new.regulators)
        mine = {
            re.sub(r"\D", "", number)
            for one in desks
            for number in re.findall(r"[\d#*+][\d ()-]+\d|\d{3}", f"{one.name}, {one.contact}")
        }
        for name in ("police", "helplines", "minors"):
            for desk in old.get(name, []):
                for number in re.findall(r"\+?\d[\d -]{1,}\d", desk.get("contact") or ""):
                    digits = re.sub(r"\D", "", number)
                    if len(digits) >= 3 and not digits.startswith(("0508", "1800")):
                        assert any(digits in one or one in digits for one in mine), (id, number)
