"""The pure rules: addresses, what a scan says, when to come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.net.protocol import FetchFacts, Scan
from efface.search import revisit, urls
from efface.search.reading import read

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HERE = "http://quiet-lake.example/v/1"


# -- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Quiet-Lake.example:80/v/1#top", HERE),
        (HERE + "?utm_source=a&PHPSESSID=123", HERE),
        (HERE + "?sid=9&id=4", HERE + "?id=4"),
        (HERE + ";jsessionid=AB12", HERE),
        (HERE + "?b=2&a=1", HERE + "?b=2&a=1"),
        ("javascript:alert(1)", ""),
        ("http://[::1", ""),
        ("", ""),
    ],
)
def test_canonical(url: str, expected: str) -> None:
    assert urls.canonical(url) == expected


@given(st.text(max_size=80))
def test_canonical_takes_anything_and_is_stable(text: str) -> None:
    for url in (text, "http://a.example/" + text):
        once = urls.canonical(url)
        assert urls.canonical(once) == once
        if once:
            assert isinstance(urls.refusal(once), str)
            assert urls.shape(once)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (HERE, ""),
        ("http://a.example/album.php?id=7", ""),
        ("http://a.example/m/1.JPG", "no page"),
        ("http://a.example/report?url=/v/1", "an action"),
        ("http://a.example/user/logout", "an action"),
        ("http://a.example/" + "a/" * 13, "too long"),
        ("http://a.example/?" + "&".join(f"k{n}=1" for n in range(9)), "too many parameters"),
        ("http://a.example/x/a/x/b/x", "repeats itself"),
        ("http://a.example/v/a/b/a/b", "repeats itself"),
        ("http://a.example/2024/2024/post", ""),
    ],
)
def test_refusal(url: str, why: str) -> None:
    assert urls.refusal(urls.canonical(url)) == why


def test_series_share_a_shape_and_are_told_apart() -> None:
    shapes = {urls.shape(f"http://a.example{path}") for path in ("/v/1/one-thing", "/v/22/other-thing", "/v/3/x9")}
    assert len(shapes) == 1
    assert urls.shape("http://a.example/album.php?id=7") == "/album.php?id"
    assert urls.is_calendar("http://a.example/calendar?month=2026-09")
    assert urls.is_calendar("http://a.example/2026/09/03/")
    assert not urls.is_calendar("http://a.example/2026/09/03/some-album")
    assert urls.is_pager("http://a.example/page/2") and urls.is_pager("http://a.example/?page=3")
    assert not urls.is_pager("http://a.example/p/4711")


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("http://quiet-lake.example/", True),
        ("http://media.quiet-lake.example/", True),
        ("http://notquiet-lake.example/", False),
        ("http://quiet-lake.example.evil.example/", False),
        ("http://quiet-lake.example@evil.example/", False),
    ],
)
def test_belongs(url: str, ours: bool) -> None:
    assert urls.belongs(url, "quiet-lake.example") is ours


def test_order_of_first_visits() -> None:
    order = ["/page/2", "/v/1", "/contact", "/calendar?day=3"]
    mixed = ["/contact", "/calendar?day=3", "/v/1", "/page/2"]
    assert sorted(mixed, key=lambda path: urls.priority("http://a.example" + path, 1)) == order


# -- what a scan says -----------------------------------------------------------------------------------------------


def _scan(status: int = 200, error: str = "", final: str = HERE, walls: tuple[str, ...] = (), **headers: str) -> Scan:
    facts = FetchFacts(HERE, final, status, {name.replace("_", "-"): text for name, text in headers.items()})
    return Scan(replace(facts, error=error), walls=list(walls))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scan", "outcome", "wall"),
    [
        (_scan(), "read", ""),
        (_scan(walls=("not-found",)), "read", "not-found"),
        (_scan(404, walls=("not-found",)), "missing", ""),
        (_scan(410), "missing", ""),
        (_scan(404, walls=("login",)), "wall", "login"),
        (_scan(200, walls=("age", "login")), "wall", "login"),
        (_scan(403), "wall", "blocked"),
        (_scan(403, walls=("challenge",)), "wall", "challenge"),
        (_scan(503, walls=("challenge",)), "wall", "challenge"),
        (_scan(503), "busy", ""),
        (_scan(500), "failed", ""),
        (_scan(0, "nxdomain"), "unreachable", ""),
        (_scan(0, "timeout"), "unreachable", ""),
        (_scan(0, "refused"), "refused", ""),
        (_scan(200, "too-large"), "failed", ""),
        (_scan(200, final=HERE + "/"), "read", ""),
        (_scan(200, final="https://www.quiet-lake.example/v/1"), "read", ""),
        (_scan(200, final="http://quiet-lake.example/"), "moved", ""),
        (_scan(200, final="http://quiet-lake.example/login", walls=("login",)), "wall", "login"),
    ],
)
def test_reading(scan: Scan, outcome: str, wall: str) -> None:
    found = read(scan, HERE, "quiet-lake.example", NOW)
    assert (found.outcome, found.wall) == (outcome, wall)


def test_a_move_is_followed_on_the_site_only() -> None:
    assert read(_scan(final="http://quiet-lake.example/w/1"), HERE, "quiet-lake.example", NOW).to.endswith("/w/1")
    assert read(_scan(final="http://elsewhere.example/w/1"), HERE, "quiet-lake.example", NOW).to == ""


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        ("Mon, 02 Mar 2026 13:00:00 GMT", 3600.0),
        ("Mon, 02 Mar 2020 13:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("99999999999999999999", 30 * 86400.0),
        ("-5", 0.0),
    ],
)
def test_retry_after(header: str, seconds: float) -> None:
    assert read(_scan(429, retry_after=header), HERE, "quiet-lake.example", NOW).retry_after_s == seconds


# -- when to come back ----------------------------------------------------------------------------------------------


def _after(outcome: str, **more: object) -> revisit.Again:
    facts: dict[str, object] = {
        "changed": False, "dull": False, "listed": False, "unchanged": 0, "failures": 0, "ever_read": True,
    }  # fmt: skip
    return revisit.after_page(outcome, now=NOW, **(facts | more))  # type: ignore[arg-type]


def test_a_page_waits_longer_the_quieter_it_is() -> None:
    waits = [(_after("read", unchanged=number).due - NOW).days for number in range(4)]
    assert waits == [28, 56, 56, 56]
    assert (_after("read", changed=True).due - NOW).days == 14
    assert _after("same", listed=True, unchanged=9).due == NOW + timedelta(hours=1)
    assert _after("read", dull=True, changed=True).due > _after("read", changed=True).due


def test_a_page_that_fails_is_tried_ever_more_rarely() -> None:
    assert [(_after("failed", failures=n).due - NOW).days for n in range(4)] == [1, 2, 4, 8]
    assert [(_after("failed", failures=n, ever_read=False).due - NOW).days for n in range(4)] == [2, 8, 32, 128]
    assert (_after("refused").due - NOW).days == 180
    assert (_after("wall").due - NOW).days == 7


@given(
    outcome=st.sampled_from(["read", "same", "missing", "wall", "moved", "busy", "unreachable", "failed", "refused"]),
    unchanged=st.integers(0, 5000),
    failures=st.integers(0, 5000),
    changed=st.booleans(),
    ever_read=st.booleans(),
)
def test_there_is_always_a_next_time_and_never_at_once(
    outcome: str, unchanged: int, failures: int, changed: bool, ever_read: bool
) -> None:
    again = _after(outcome, unchanged=unchanged, failures=failures, changed=changed, ever_read=ever_read)
    assert timedelta(hours=1) <= again.due - NOW <= timedelta(days=180)


@given(st.integers(1, 10_000), st.floats(0, 1e9))
def test_backing_off_ends_within_a_week(failures: int, retry_after_s: float) -> None:
    until = revisit.after_failure(now=NOW, failures=failures, retry_after_s=retry_after_s)
    assert timedelta(0) < until - NOW <= timedelta(days=7, hours=6)
    assert (until.hour % 6, until.minute) == (0, 0)


@given(st.floats(0, 1e5), st.integers(0, 1000), st.integers(1, 100))
def test_the_budget_of_a_day_is_kept(delay_s: float, day_pages: int, pages: int) -> None:
    granted = revisit.budget(pages_a_visit=pages, day_pages=day_pages, delay_s=delay_s)
    assert 0 <= granted <= pages
    assert granted == 0 or granted + day_pages <= revisit.PAGES_A_DAY
    assert granted * delay_s <= 86400
