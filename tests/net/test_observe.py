"""The pure parts of a check: where to probe, what a cache says, and what looks like a page that never was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from efface.net.fetcher.alike import alike, frames_alike
from efface.net.fetcher.context import site_of
from efface.net.fetcher.observe import cache_hit, probe_addresses
from efface.net.page.model import Page
from efface.net.page.shingles import shingle, sketch


@pytest.mark.parametrize(
    ("url", "kept_start", "kept_end"),
    [
        ("http://a.test/v/12345/some-slug", "http://a.test/v/12345/", ""),
        ("http://a.test/p/1", "http://a.test/p/", ""),
        ("http://a.test/gallery/old-name-9042.html", "http://a.test/gallery/", ".html"),
        ("http://a.test/album.php?id=9028", "http://a.test/album.php?id=", ""),
        ("http://a.test/dir/", "http://a.test/", "/"),
        ("http://a.test/", "http://a.test/", ""),
        ("http://a.test", "http://a.test/", ""),
        ("http://a.test/i/c493b6.jpg", "http://a.test/i/", ".jpg"),
    ],
)
def test_probes_are_siblings_of_the_same_shape(url: str, kept_start: str, kept_end: str) -> None:
    first, second = probe_addresses(url)
    assert first != second
    for probe in (first, second):
        assert probe != url
        assert probe.startswith(kept_start)
        assert probe.endswith(kept_end)
        assert probe.count("/") == (url if url.count("/") > 2 else url + "/").count("/")


def test_a_number_is_probed_with_a_number() -> None:
    assert probe_addresses("http://a.test/p/123")[0].rsplit("/", 1)[1].isdigit()
    assert URL(probe_addresses("http://a.test/?id=7&page=2")[0]).query["page"].isdigit()
    assert URL(probe_addresses("http://a.test/?id=7&page=2")[0]).query["id"] == "7"


@given(st.text(max_size=60))
def test_any_address_can_be_probed(tail: str) -> None:
    for probe in probe_addresses("http://a.test/" + tail):
        assert URL(probe).host == "a.test"


@pytest.mark.parametrize(
    ("headers", "hit"),
    [
        ({}, False),
        ({"age": "0"}, False),
        ({"age": "120"}, True),
        ({"age": "x"}, False),
        ({"x-cache": "HIT from edge"}, True),
        ({"x-cache": "MISS, HIT"}, True),
        ({"x-cache": "MISS", "age": "5"}, False),
        ({"cf-cache-status": "DYNAMIC"}, False),
        ({"cf-cache-status": "HIT"}, True),
        ({"cf-cache-status": "STALE"}, True),
        ({"cache-status": "edge; hit; ttl=300"}, True),
        ({"x-cache": "white"}, False),
    ],
)
def test_what_a_cache_says(headers: dict[str, str], hit: bool) -> None:
    assert cache_hit(headers) == hit


def page(*lines: str, base: str = "http://a.test/x", tags: str = "") -> Page:
    return Page(base=base, lines=list(lines), dom_sketch=sketch(shingle(tags.split(), 2)))


MENU = ("Home Popular New", "Imprint and contact")
LIVE = page(*MENU, "Album of the year", "Twelve pictures of a long walk through the hills")
GONE = "Sorry, we could not find what you were looking for"


def test_a_live_page_is_not_like_the_probes() -> None:
    probes = [page(*MENU, GONE), page(*MENU, GONE)]
    assert alike(LIVE, probes, page(*MENU, "Front page with news")) == 0.0


def test_a_soft_404_is() -> None:
    probes = [page(*MENU, GONE), page(*MENU, GONE)]
    assert alike(page(*MENU, GONE), probes, page(*MENU, "Front page with news")) == 1.0


def test_neither_what_everybody_shows_nor_what_changes_decides() -> None:
    menu = [f"Menu entry number {chr(97 + i)}" for i in range(20)]
    control = page(*menu, "Front page with news")
    probes = [page(*menu, GONE, f"Recommended {word} picture set") for word in ("red", "green")]
    assert alike(page(*menu, "An album with words of its own"), probes, control) < 0.2
    assert alike(page(*menu, GONE, "Recommended blue picture set"), probes, control) == 1.0


def test_a_page_that_repeats_its_own_address_is_still_the_same_page() -> None:
    def echo(name: str) -> Page:
        return page(f"We looked for {name} everywhere but found nothing", base=f"http://a.test/v/{name}")

    assert alike(echo("purplemountain"), [echo("xyzzyplugh"), echo("quuxfrobnicate")], None) == 1.0


def test_a_word_that_one_address_happens_to_hold_does_not_part_two_pages_that_are_the_same() -> None:
    def maintenance(base: str) -> Page:
        return page("Bridge garden harbour", "We are back soon with more", base=base)

    control = maintenance("http://a.test/gallery/marble-garden-38406.html")
    assert (
        alike(control, [maintenance("http://a.test/gallery/6je2"), maintenance("http://a.test/gallery/xiz3")], None)
        == 1.0
    )


def test_the_front_page_served_for_everything() -> None:
    front = page(*MENU, "Front page with news")
    assert alike(front, [front, front], front) == 1.0


def test_without_a_probe_nothing_is_said() -> None:
    assert alike(LIVE, [], None) == -1.0
    assert frames_alike(LIVE, []) == -1.0


def test_frames() -> None:
    one, other = page(tags="html body div p p img"), page(tags="table tr td ul li a span form")
    assert frames_alike(one, [one]) == 1.0
    assert frames_alike(one, [other]) == 0.0
    assert frames_alike(one, [other, one]) == 1.0
    assert frames_alike(page(), [page()]) == -1.0


def test_sites() -> None:
    assert site_of("http://img.cdn.example.co.uk/x") == "example.co.uk"
    assert site_of("http://45.66.77.88/") == "45.66.77.88"
    assert site_of("rubbish") == ""
