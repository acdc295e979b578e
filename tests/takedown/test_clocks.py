"""Clocks are the law's, or they are marked as our own."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.law import load
from efface.takedown.clocks import ClockError, chasers, deadline

ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
TYPES = sorted(load().notices)
times = st.datetimes(datetime(2020, 1, 1), datetime(2045, 1, 1), timezones=st.sampled_from(ZONES).map(ZoneInfo))


@given(times, st.sampled_from(ZONES))
def test_48_hours_are_48_hours_in_every_zone_and_season(started: datetime, zone: str) -> None:
    clock = deadline("us_tida", started, zone)
    assert clock is not None
    assert clock.due - started.astimezone(UTC) == timedelta(hours=48)
    assert clock.kind == "statutory" and clock.law == "47 U.S.C. 223a(a)(3)"
    assert clock.due_there() == clock.due


@given(times, st.sampled_from(TYPES))
def test_no_clock_is_invented(started: datetime, notice_type: str) -> None:
    clock = deadline(notice_type, started)
    hours = load().notices[notice_type].clock.hours
    if hours is None:
        assert clock is None
    else:
        assert clock is not None and clock.due - clock.started == timedelta(hours=hours)


@given(times, st.sampled_from(TYPES))
def test_reminders_are_ours_in_order_and_quote_no_law(started: datetime, notice_type: str) -> None:
    ours = chasers(notice_type, started)
    assert [one.due - one.started for one in ours] == [timedelta(hours=24), timedelta(hours=72), timedelta(days=7)]
    assert all(one.kind == "internal" and one.law == "" for one in ours)


@given(times, st.integers(-12, 14))
def test_the_same_moment_gives_the_same_clock(started: datetime, offset: int) -> None:
    elsewhere = started.astimezone(timezone(timedelta(hours=offset)))
    assert deadline("us_tida", started) == deadline("us_tida", elsewhere)


def test_the_night_without_an_hour() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    clock = deadline("us_tida", datetime(2027, 3, 27, 12, tzinfo=berlin), "Europe/Berlin")
    assert clock is not None
    assert clock.due_there() == datetime(2027, 3, 29, 13, tzinfo=berlin)


def test_a_clock_that_cannot_start_says_so() -> None:
    with pytest.raises(ClockError, match="without a zone"):
        deadline("us_tida", datetime(2026, 1, 1))
    with pytest.raises(ClockError, match="Nowhere"):
        deadline("us_tida", datetime(2026, 1, 1, tzinfo=UTC), "Mars/Nowhere")
    with pytest.raises(ClockError, match="'made_up'"):
        deadline("made_up", datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ClockError, match="'made_up'"):
        chasers("made_up", datetime(2026, 1, 1, tzinfo=UTC))
