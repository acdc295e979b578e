"""The clock bench sees what it is for: sound clocks pass, and each planted fault is counted under its own name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bench import clock_reference as reference
from bench import clocks as bench
from efface.law import Clock, load
from efface.law import clocks as law
from efface.law.calendars import PLAIN
from efface.takedown import clocks

SEED, CASES = 4, 400


def counted() -> bench.Found:
    return bench._part((SEED, CASES))


def test_the_clocks_are_what_the_second_reckoning_says() -> None:
    assert counted() == bench.Found(CASES, 0, 0, 0)


def shifted(by: timedelta) -> Callable[..., datetime | None]:
    right = law.end

    def wrong(*given: Any, **named: Any) -> datetime | None:
        due = right(*given, **named)
        return due + by if due is not None else None

    return wrong


def test_one_second_late_is_missed_and_one_second_early_is_early(monkeypatch: pytest.MonkeyPatch) -> None:
    late, early = shifted(timedelta(seconds=1)), shifted(-timedelta(seconds=1))
    monkeypatch.setattr(bench, "end", late)
    assert counted().missed > CASES / 2 and counted().early == 0
    monkeypatch.setattr(bench, "end", early)
    assert counted().early > CASES / 2 and counted().missed == 0


def test_a_notice_s_clock_that_ends_early_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(law, "end", shifted(-timedelta(hours=1)))
    assert counted().early > 0


@pytest.mark.parametrize(
    ("name", "wrong", "shows"),
    [
        ("moves", lambda wanted, waiting, fired: (dict(wanted), []), "double"),
        ("moves", lambda wanted, waiting, fired: ({}, []), "missed"),
        ("events", lambda known: {one.kind: one.at for one in known if one.kind in clocks.EVENTS}, "missed"),
    ],
)  # fmt: skip
def test_a_table_that_forgets_or_repeats_is_seen(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: Any, shows: str
) -> None:
    monkeypatch.setattr(clocks, name, wrong)
    found = bench._part((SEED, 3000 if name == "events" else CASES))
    assert getattr(found, shows) > 0


def test_both_know_the_same_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every day of thirty years in every calendar: rules of the law data against dates expanded by dateutil."""
    assert set(reference.calendars()) == set(load().calendars)
    for country in ("", *reference.calendars()):
        calendar = load().calendars.get(country, PLAIN)
        for number in range(date(2019, 1, 1).toordinal(), date(2049, 1, 1).toordinal()):
            assert calendar.works(date.fromordinal(number)) == reference.works(country, number), (country, number)


def test_every_clock_of_the_law_is_in_the_second_reckoning() -> None:
    at = datetime.fromisoformat("2026-06-01T08:00:00+00:00")
    known = [clocks.Known(kind, at) for kind in clocks.EVENTS]
    told = [(one.kind, int(one.at.timestamp())) for one in known]
    for kind in load().notices:
        for place in bench.PLACES:
            found: tuple[Clock, ...] = clocks.count(kind, known, place)
            want = reference.dues(kind, place, told)
            assert {one.key: one.due and int(one.due.timestamp()) for one in found} == want
