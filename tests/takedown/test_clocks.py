"""Clocks are the law's: from what happened, in every zone and season, never early and never invented."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.law import Hold, load
from efface.takedown import clocks
from efface.takedown.clocks import ClockError, Known

ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
LAW = load()
TYPES = sorted(LAW.notices)
PLACES = ["", "DE", "FR", "GB", "US", "US-CA", "IT", "NG", "SE", "XX"]
START = datetime(2026, 6, 1, 8, tzinfo=UTC)
anywhere = st.datetimes(datetime(2020, 1, 1), datetime(2045, 1, 1), timezones=st.sampled_from(ZONES).map(ZoneInfo)).map(
    lambda moment: moment.astimezone(UTC)
)  # fmt: skip
#: Often the very same moment, as machines write them.
times = anywhere | st.sampled_from([START, START + timedelta(days=1)])
kinds = st.sampled_from(["sending", *clocks.EVENTS, clocks.ASKED, clocks.GIVEN, clocks.EXTENDED])
histories = st.lists(st.builds(Known, kinds, times), max_size=6)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


@given(times, st.sampled_from(TYPES), st.sampled_from(PLACES))
def test_sending_alone_starts_only_what_the_law_starts_with_it(sent: datetime, kind: str, place: str) -> None:
    for one in clocks.count(kind, [Known("sending", sent)], place):
        assert one.started is None or one.starts == "sending"


@given(histories, st.sampled_from(TYPES), st.sampled_from(PLACES))
def test_a_clock_begins_with_what_was_seen_and_ends_no_earlier_than_without_a_stop(
    known: list[Known], kind: str, place: str
) -> None:
    without = [one for one in known if one.kind != clocks.ASKED]
    seen = {one.at for one in known}
    for one, free in zip(clocks.count(kind, known, place), clocks.count(kind, without, place), strict=True):
        assert one.started is None or one.started in seen
        assert (one.started is None) <= (one.due is None)
        if one.due is not None and one.started is not None:
            assert free.due is not None and one.due >= free.due > one.started
    numbers = {clock.part for clock in clocks.count(kind, known, place)}
    assert not (kind in LAW.no_clock and "main" in numbers)


@given(histories, st.permutations(range(6)), st.integers(-12, 14))
def test_neither_the_order_of_writing_down_nor_the_zone_it_is_written_in_matters(
    known: list[Known], order: list[int], offset: int
) -> None:
    shuffled = [
        Known(known[number].kind, known[number].at.astimezone(timezone(timedelta(hours=offset))))
        for number in order if number < len(known)
    ]  # fmt: skip
    for kind in ("us_tida", "gdpr_erasure", "us_dmca_512c", "tos_report"):
        assert clocks.count(kind, known, "FR") == clocks.count(kind, shuffled, "FR")


@given(histories, st.sampled_from(["receipt", "acknowledgement"]), times)
def test_to_hear_of_it_once_more_never_gives_them_more_time(known: list[Known], kind: str, again: datetime) -> None:
    [before] = clocks.count("us_tida", known)
    [after] = clocks.count("us_tida", [*known, Known(kind, again)])
    assert after.started == (again if before.started is None else min(before.started, again))


def test_forty_eight_hours_from_the_first_proof_of_receipt() -> None:
    known = [Known("sending", START), Known("acknowledgement", hour(3))]
    [clock] = clocks.count("us_tida", known)
    assert clock.due == hour(51) and clocks.theirs([clock]) is clock
    [clock] = clocks.count("us_tida", [*known, Known("receipt", hour(1)), Known("receipt", hour(20))])
    assert clock.due == hour(49)


def test_a_question_stops_it_until_it_is_answered_and_two_questions_are_one() -> None:
    known = [Known("receipt", START), Known(clocks.ASKED, hour(24)), Known(clocks.ASKED, hour(30))]
    [standing] = clocks.count("gdpr_erasure", known, "FR")
    assert standing.due is None and standing.state(hour(10_000)) == "standing"
    [again] = clocks.count("gdpr_erasure", [*known, Known(clocks.GIVEN, hour(48))], "FR")
    [never] = clocks.count("gdpr_erasure", known[:1], "FR")
    assert again.due is not None and never.due is not None and again.due > never.due
    assert clocks.holds([Known(clocks.GIVEN, START)]) == []
    # An answer of the same moment answers, however the two were written down.
    at_once = [Known(clocks.GIVEN, START), Known(clocks.ASKED, START), Known(clocks.GIVEN, hour(30))]
    assert clocks.holds(at_once) == clocks.holds(at_once[::-1]) == [Hold(START, START, clocks.ASKED)]


def test_what_is_theirs_is_neither_the_authority_s_nor_the_window_of_a_counter_notice() -> None:
    order = clocks.count("au_esafety_complaint", [Known("authority_notice", START)])
    assert clocks.theirs(order) is order[0]  # the platform's day
    assert clocks.theirs(clocks.count("jp_removal_request", [Known("provider_inquiry", START)], "JP")) is None
    assert clocks.theirs(clocks.count("us_dmca_512c", [Known("counter_notice", START)], "US")) is None
    host, author = clocks.count("nz_hdca_s24", [Known("receipt", START)], "NZ")
    assert (author.due, host.due) == (hour(48), hour(96)) or (host.due, author.due) == (hour(96), hour(48))


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 6, 1, 8), "no zone"), (START + timedelta(seconds=1), "lies ahead"),
        (datetime(9999, 12, 31, tzinfo=UTC), "lies ahead"),
    ],
)  # fmt: skip
def test_a_clock_that_cannot_start_says_so(at: datetime, words: str) -> None:
    with pytest.raises(ClockError, match=words):
        clocks.seen_at(at, START)
    assert clocks.seen_at(START.astimezone(ZoneInfo("Asia/Kolkata")), START) == START
