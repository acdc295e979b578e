"""Clocks: never early, never missed, counted as the law counts. Known answers first, then what holds for all."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from efface.law import ClockError, Hold, Period, clocks_of, load
from efface.law.calendars import PLAIN
from efface.law.clocks import begun, end

ZONES = (
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Santiago", "Africa/Cairo", "Asia/Kolkata",
    "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "America/Havana", "Asia/Kathmandu",
)  # fmt: skip


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def local(moment: datetime | None, zone: str) -> str:
    assert moment is not None
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def test_forty_eight_hours_are_forty_eight_hours_across_summer_time() -> None:
    for started in ("2026-03-28 12:00", "2026-10-24 12:00"):
        begin = at(started, "Europe/Berlin")
        assert end(Period(hours=48), begin, "Europe/Berlin") == begin.astimezone(UTC) + timedelta(hours=48)
    assert local(end(Period(hours=48), at("2026-03-28 12:00", "Europe/Berlin")), "Europe/Berlin") == "2026-03-30 13:00"


@pytest.mark.parametrize(
    ("started", "months", "last"),
    [
        ("2026-01-31", 1, "2026-02-28"), ("2028-01-31", 1, "2028-02-29"), ("2028-02-29", 12, "2029-02-28"),
        ("2026-12-15", 1, "2027-01-15"), ("2026-11-30", 3, "2027-02-28"), ("2027-11-30", 3, "2028-02-29"),
    ],
)  # fmt: skip
def test_a_month_ends_with_the_day_of_the_same_number_or_the_last(started: str, months: int, last: str) -> None:
    due = end(Period(months=months), at(f"{started} 09:00", "Europe/Paris"), "Europe/Paris")
    assert local(due, "Europe/Paris") == f"{date.fromisoformat(last) + timedelta(days=1)} 00:00"


def test_a_month_that_ends_on_christmas_ends_on_the_next_working_day() -> None:
    german = load().calendar("DE")
    due = end(Period(months=1), at("2026-11-25 10:00", "Europe/Berlin"), "Europe/Berlin", german, rolls=True)
    assert local(due, "Europe/Berlin") == "2026-12-29 00:00"  # Friday 25, Saturday, Sunday: through Monday 28


def test_the_day_is_the_day_of_the_place_not_of_greenwich() -> None:
    late = at("2026-06-01 23:30", "America/New_York")
    assert local(end(Period(days=1), late, "America/New_York"), "America/New_York") == "2026-06-03 00:00"
    assert local(end(Period(days=1), late, "UTC"), "UTC") == "2026-06-04 00:00"


def test_business_days_leave_out_weekends_and_holidays() -> None:
    american = load().calendar("US")
    due = end(Period(business_days=10), at("2026-12-18 15:00", "America/New_York"), "America/New_York", american)
    assert local(due, "America/New_York") == "2027-01-06 00:00"  # Christmas and New Year are Fridays


def test_a_hold_stops_a_clock_and_gives_back_exactly_what_it_took() -> None:
    start = at("2026-06-01 00:00")
    hold = Hold(at("2026-06-01 10:00"), at("2026-06-03 11:00"))
    assert end(Period(hours=48), start, holds=[hold]) == start + timedelta(hours=48 + 49)
    assert end(
        Period(hours=48), start, holds=[Hold(at("2026-05-30 00:00"), at("2026-06-01 06:00"))]
    ) == start + timedelta(hours=54)
    assert end(Period(hours=48), start, holds=[Hold(at("2026-06-03 00:00"))]) == start + timedelta(hours=48)
    assert end(Period(hours=48), start, holds=[Hold(at("2026-06-02 23:59"))]) is None


def test_no_day_on_which_it_stood_counts() -> None:
    start, hold = at("2026-06-01 09:00"), Hold(at("2026-06-02 23:00"), at("2026-06-04 00:00"))
    assert local(end(Period(days=3), start, holds=[hold]), "UTC") == "2026-06-07 00:00"
    assert end(Period(days=3), start, holds=[Hold(at("2026-06-02 23:00"))]) is None
    assert local(end(Period(business_days=2), start, holds=[hold]), "UTC") == "2026-06-06 00:00"


def test_holds_that_overlap_are_one() -> None:
    start = at("2026-06-01 00:00")
    two = [Hold(at("2026-06-01 01:00"), at("2026-06-01 05:00")), Hold(at("2026-06-01 03:00"), at("2026-06-01 08:00"))]
    assert end(Period(hours=10), start, holds=two) == start + timedelta(hours=17)


def test_the_clock_of_a_notice_starts_with_its_event_and_nothing_else() -> None:
    law = load()
    sent = at("2026-06-01 08:00")
    (clock,) = clocks_of(law, "us_tida", {"sending": sent})
    assert clock.started is None and clock.due is None and clock.state(at("2027-01-01 00:00")) == "waiting"
    (clock,) = clocks_of(law, "us_tida", {"sending": sent, "acknowledgement": at("2026-06-01 09:00")})
    assert clock.due == at("2026-06-03 09:00")
    (clock,) = clocks_of(law, "us_tida", {"receipt": sent, "acknowledgement": at("2026-06-02 09:00")})
    assert clock.due == at("2026-06-03 08:00") and clock.citation == "47 U.S.C. 223a(a)(3)"
    # What a person says later about receipt gives nobody more time than their own confirmation.
    (clock,) = clocks_of(law, "us_tida", {"receipt": at("2026-06-02 09:00"), "acknowledgement": sent})
    assert clock.due == at("2026-06-03 08:00")


@pytest.mark.parametrize("notice_type", load().no_clock)
def test_where_no_law_sets_a_clock_none_runs(notice_type: str) -> None:
    every = dict.fromkeys(("sending", "receipt", "filing", "acknowledgement", "confirmation"), at("2026-06-01 08:00"))
    found = clocks_of(load(), notice_type, every, place="DE")  # type: ignore[arg-type]
    assert [one.part for one in found if one.part == "main"] == []
    assert all(one.started is None for one in found)


def test_an_authority_s_clock_starts_with_its_order() -> None:
    law = load()
    (clock,) = clocks_of(law, "au_esafety_complaint", {"filing": at("2026-06-01 08:00")})
    assert clock.part == "stage" and clock.state(at("2027-01-01 00:00")) == "waiting"
    (clock,) = clocks_of(law, "au_esafety_complaint", {"authority_notice": at("2026-06-01 08:00")})
    assert clock.due == at("2026-06-02 08:00") and clock.who == "platform"


def test_italy_decides_in_forty_eight_hours_and_spain_has_no_number() -> None:
    filed = {"filing": at("2026-06-01 08:00")}
    (italy,) = clocks_of(load(), "regulator_image_report", filed, place="IT")  # type: ignore[arg-type]
    assert italy.due == at("2026-06-03 08:00")
    assert clocks_of(load(), "regulator_image_report", filed, place="ES") == ()  # type: ignore[arg-type]


def test_a_counter_notice_opens_a_window_of_business_days() -> None:
    found = {
        one.part: one
        for one in clocks_of(load(), "us_dmca_512c", {"counter_notice": at("2026-06-30 12:00")}, place="US")
    }
    # Friday 3 July is free. What may come back is counted where that is first, what must, where it is last.
    assert local(found["restore_from"].due, "America/New_York") == "2026-07-16 00:00"
    assert local(found["restore_until"].due, "Pacific/Honolulu") == "2026-07-22 00:00"


@pytest.mark.parametrize("hour", range(24))
def test_nobody_is_late_before_his_own_midnight_wherever_he_sits(hour: int) -> None:
    law = load()
    received = {"receipt": at(f"2026-06-01 {hour:02}:30")}
    (nowhere,) = clocks_of(law, "gdpr_erasure", received)  # type: ignore[arg-type]
    (russia,) = clocks_of(law, "gdpr_erasure", received, place="RU")  # type: ignore[arg-type]
    for zone in (*law.zones["RU"], "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"):
        there = end(Period(months=1), received["receipt"], zone, law.calendar(""), True)
        assert there is not None and nowhere.due is not None and there <= nowhere.due
        assert zone not in law.zones["RU"] or there <= russia.due
    assert not nowhere.sure
    (hours,) = clocks_of(law, "us_tida", received)  # type: ignore[arg-type]
    assert hours.sure and hours.due == received["receipt"] + timedelta(hours=48)
    assert law.zones_of("US-CA") == law.zones["US"] and law.zones_of("XX") == ()


def test_a_question_who_she_is_stops_the_clock_where_the_law_says_so_and_nowhere_else() -> None:
    asked = Hold(at("2026-06-02 08:00"), at("2026-06-04 08:00"), "identity_asked")
    received = {"receipt": at("2026-06-01 08:00")}
    (europe,) = clocks_of(load(), "gdpr_erasure", received, place="FR", holds=[asked])  # type: ignore[arg-type]
    (without,) = clocks_of(load(), "gdpr_erasure", received, place="FR")  # type: ignore[arg-type]
    assert local(without.due, "Europe/Paris") == "2026-07-02 00:00"
    assert local(europe.due, "Europe/Paris") == "2026-07-07 00:00"  # three days more end on Saturday 4 July
    (america,) = clocks_of(load(), "us_tida", received, holds=[asked])  # type: ignore[arg-type]
    assert america.due == at("2026-06-03 08:00")


def test_a_provision_nobody_has_read_says_so() -> None:
    received = {"receipt": at("2026-06-01 08:00")}
    (gdpr,) = clocks_of(load(), "gdpr_erasure", received, place="FR")  # type: ignore[arg-type]
    (tida,) = clocks_of(load(), "us_tida", received)  # type: ignore[arg-type]
    assert gdpr.verify and not tida.verify


def test_an_extension_is_counted_with_its_clock() -> None:
    received = {"receipt": at("2026-01-31 10:00", "Europe/Paris")}
    (short,) = clocks_of(load(), "gdpr_erasure", received, place="FR", zone="Europe/Paris")  # type: ignore[arg-type]
    (long,) = clocks_of(load(), "gdpr_erasure", received, place="FR", zone="Europe/Paris", extended=True)  # type: ignore[arg-type]
    assert local(short.due, "Europe/Paris") == "2026-03-03 00:00"  # 28 February is a Saturday
    assert local(long.due, "Europe/Paris") == "2026-05-01 00:00"
    assert short.sure and long.sure
    (unsure,) = clocks_of(load(), "gdpr_erasure", received, place="SE")  # type: ignore[arg-type]
    assert not unsure.sure


def test_a_moment_is_late_only_after_it() -> None:
    (clock,) = clocks_of(load(), "in_rule_3_2_b", {"receipt": at("2026-06-01 08:00")})
    due = at("2026-06-01 10:00")
    assert [clock.state(due - timedelta(seconds=1)), clock.state(due), clock.state(due + timedelta(seconds=1))] == [
        "running", "running", "overdue",
    ]  # fmt: skip
    assert clock.state(due + timedelta(days=1), met=due) == "met"
    assert clock.state(due + timedelta(days=1), met=due + timedelta(hours=1)) == "met_late"
    assert clock.state(at("2026-06-01 07:00")) == "waiting"  # the event lies ahead


BACKWARDS = Hold(at("2026-01-02 00:00"), at("2026-01-01 00:00"))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: end(Period(hours=1), datetime(2026, 1, 1)),
        lambda: end(Period(), at("2026-01-01 00:00")),
        lambda: end(Period(hours=1, days=1), at("2026-01-01 00:00")),
        lambda: end(Period(hours=-1), at("2026-01-01 00:00")),
        lambda: end(Period(days=1), at("2026-01-01 00:00"), "Europe/Nowhere"),
        lambda: end(Period(days=1), at("2026-01-01 00:00"), "../../etc/passwd"),
        lambda: end(Period(days=50_000), at("2026-01-01 00:00")),
        lambda: end(Period(months=120_000), at("2026-01-01 00:00")),
        lambda: end(Period(hours=10**9), at("2026-01-01 00:00")),
        lambda: end(Period(hours=1), at("2026-01-01 00:00"), holds=[BACKWARDS]),
        lambda: clocks_of(load(), "us_tidal", {}),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused(wrong) -> None:
    with pytest.raises(ClockError):
        wrong()


# What holds for every start, zone, length and hold.

moments = st.integers(1_577_836_800, 2_366_841_600).map(lambda second: datetime.fromtimestamp(second, UTC))
zones = st.sampled_from(ZONES)
calendars = st.sampled_from([PLAIN, *load().calendars.values()])
pauses = st.lists(
    st.tuples(moments, st.integers(0, 3_456_000)).map(lambda pair: Hold(pair[0], pair[0] + timedelta(seconds=pair[1]))),
    max_size=4,
)
many = settings(max_examples=2_000, deadline=None)
"""Five promises, ten thousand cases together."""


@many
@given(moments, st.integers(1, 2_000), pauses)
@example(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 48, [])
def test_hours_run_exactly_outside_the_holds(start: datetime, hours: int, holds: list[Hold]) -> None:
    due = end(Period(hours=hours), start, holds=holds)
    assert due is not None
    ran = due - start
    marks = sorted(
        {start, due, *(min(max(edge, start), due) for one in holds for edge in (one.since, one.until) if edge)}
    )
    for since, until in itertools.pairwise(marks):
        if any(one.since <= since and one.until and until <= one.until for one in holds):
            ran -= until - since
    assert ran == timedelta(hours=hours)


@many
@given(moments, zones, st.integers(1, 60), calendars)
def test_business_days_end_on_one_and_hold_exactly_as_many(start: datetime, zone: str, number: int, calendar) -> None:
    due = end(Period(business_days=number), start, zone, calendar)
    assert due is not None and due > start
    place = ZoneInfo(zone)
    first, last = start.astimezone(place).date(), (due - timedelta(microseconds=1)).astimezone(place).date()
    assume(first < last)
    days = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert calendar.works(last)
    assert sum(calendar.works(day) for day in days) == number


@many
@given(moments, zones, st.integers(1, 400), pauses)
def test_days_are_never_early_and_end_with_a_day_of_the_place(
    start: datetime, zone: str, number: int, holds: list[Hold]
) -> None:
    free, due = end(Period(days=number), start, zone), end(Period(days=number), start, zone, holds=holds)
    assert free is not None and due is not None
    assert due >= free > start
    place = ZoneInfo(zone)
    last = (due - timedelta(microseconds=1)).astimezone(place)
    following = due.astimezone(place)
    assert following.date() > last.date()
    assert (last.date() - start.astimezone(place).date()).days >= number


@many
@given(moments, zones, st.integers(1, 36), calendars)
def test_months_keep_the_number_of_the_day_and_roll_only_forward(
    start: datetime, zone: str, number: int, calendar
) -> None:
    plain = end(Period(months=number), start, zone)
    rolled = end(Period(months=number), start, zone, calendar, rolls=True)
    assert plain is not None and rolled is not None and rolled >= plain > start
    place = ZoneInfo(zone)
    first, last = start.astimezone(place).date(), (plain - timedelta(microseconds=1)).astimezone(place).date()
    assume(zone != "Pacific/Apia")  # has no 30 December 2011; the span of the test is after it
    assert (last.year * 12 + last.month) - (first.year * 12 + first.month) == number
    assert last.day == first.day or (last.day < first.day and (last + timedelta(days=1)).day == 1)
    assert calendar.works((rolled - timedelta(microseconds=1)).astimezone(place).date())


@many
@given(moments, moments, zones, st.sampled_from(["hours", "days", "months", "business_days"]), st.integers(1, 30))
def test_a_later_start_never_ends_earlier(one: datetime, other: datetime, zone: str, unit: str, number: int) -> None:
    early, late = sorted((one, other))
    ends = [end(Period(**{unit: number}), start, zone) for start in (early, late)]
    assert ends[0] is not None and ends[1] is not None and ends[0] <= ends[1]


def test_midnight_that_a_clock_change_swallows_still_ends_the_day() -> None:
    # Chile goes from 23:59:59 on Saturday to 01:00 on Sunday.
    due = end(Period(days=1), at("2026-09-04 12:00", "America/Santiago"), "America/Santiago")
    assert local(due, "America/Santiago") == "2026-09-06 01:00"
    assert due is not None and due - timedelta(seconds=1) < due
    assert (due - timedelta(seconds=1)).astimezone(ZoneInfo("America/Santiago")).time() == time(23, 59, 59)


def test_what_was_not_seen_has_not_begun() -> None:
    assert begun("receipt", {"sending": at("2026-06-01 08:00")}) is None
    assert begun("court_order", {"acknowledgement": at("2026-06-01 08:00")}) is None
    assert begun("filing", {"acknowledgement": at("2026-06-01 08:00")}) == at("2026-06-01 08:00")
