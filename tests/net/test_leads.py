"""Where more of a site is: feeds, sitemaps, further pages, endpoints, players, search; and who needs a browser."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.net.page.listing import MOST_ENTRIES, moment, read_listing
from efface.net.page.model import Page
from efface.net.page.names import is_small
from efface.net.page.read import read_page
from efface.net.page.scripted import Signs, needs_browser
from efface.net.protocol import FetchFacts, Limits

URL_ = "http://a.test/v/1"
WORDS = "Words that stand on this page and say something about it. " * 6


def page(html: str | bytes, **facts: Any) -> Page:
    body = html.encode() if isinstance(html, str) else html
    return read_page(FetchFacts(URL_, URL_, facts.pop("status", 200), **facts), body, "", Limits())


def shown(html: str) -> dict[str, tuple[str, str]]:
    return {ref.url.removeprefix("http://a.test"): (ref.role, ref.source) for ref in page(html).media}


def test_feeds_and_descriptions_that_a_page_names() -> None:
    read = page(
        "<link rel=alternate type=application/rss+xml href=/rss><link rel=alternate hreflang=de href=/de>"
        "<link rel='alternate' type='application/json+oembed' href='/oembed?url=1'>"
        "<link rel=search type=application/opensearchdescription+xml href=/os.xml>"
    )
    assert (read.feeds, read.oembed) == (["http://a.test/rss"], "http://a.test/oembed?url=1")
    assert read.described == "http://a.test/os.xml"


@pytest.mark.parametrize(
    "html",
    [
        "<a rel='next nofollow' href=/p/2>on</a>", "<link rel=next href=/p/2>", "<b data-next-url='/p/2'>more</b>",
        "<div hx-get='/p/2'></div>", "<a href=/p/2>Weiter</a>", "<a href=/p/2>次へ</a>", "<a href=/p/2>Load more</a>",
        "<a href=/p/2>Далее »</a>",
    ],
)  # fmt: skip
def test_further_pages_in_many_spellings(html: str) -> None:
    assert page(html).further == ["http://a.test/p/2"]


def test_what_only_sounds_like_a_further_page_is_none() -> None:
    assert page("<a href=/x>Next generation of cameras</a><div data-next='3'></div>").further == []


def test_a_search_form_is_known_by_its_place_for_words() -> None:
    read = page("<form action=/find><input type=hidden name=t value=all><input name=q></form>")
    assert read.search == "http://a.test/find?t=all&q={word}"
    assert page("<form action=http://b.test/find><input name=q></form>").search == ""
    assert page("<form method=post action=/find><input name=q></form>").search == ""


def test_players_of_other_hosts_are_frames_and_counters_are_not() -> None:
    frames = "<iframe src=http://player.test/e/1></iframe><iframe src=http://c.test/ width=1></iframe>"
    read = page(frames + "<iframe src=/own>")
    assert read.frames == ["http://player.test/e/1"]


def test_an_endpoint_answers_with_data_or_pieces_of_a_page() -> None:
    read = page(
        '{"next": "/api?page=3", "html": "<a href=/v/7><img src=/t/7.jpg width=100 height=90></a>",'
        ' "items": [{"url": "/v/8", "image": "/m/8.jpg", "thumb": "/t/8.jpg"}]}'
    )
    assert read.further == ["http://a.test/api?page=3"]
    assert {"http://a.test/v/7", "http://a.test/v/8"} <= set(read.links)
    roles = {ref.url.removeprefix("http://a.test"): ref.role for ref in read.media}
    assert roles == {"/m/8.jpg": "media", "/t/8.jpg": "thumbnail", "/t/7.jpg": "thumbnail"}


@pytest.mark.parametrize(
    ("html", "path"),
    [
        ("<script type=application/json>{\"photo\": \"\\/m\\/1.jpg\"}</script>", "/m/1.jpg"),
        ("<script>window.__STATE__ = {\"media\": [{\"full\": \"/m/1.webp\"}]};</script>", "/m/1.webp"),
        ("<script>player.load('http://a.test/v/1/master.m3u8?t=1')</script>", "/v/1/master.m3u8?t=1"),
        ("<style>.hero{background:url(/m/1.jpg)}</style>", "/m/1.jpg"),
        ("<div data-bg='/m/1.jpg'></div>", "/m/1.jpg"),
        ("<noscript><img src=/m/1.jpg></noscript>", "/m/1.jpg"),
        ("<meta property=og:video content=/m/1.mp4>", "/m/1.mp4"),
        ("<video data-hls='/m/1.m3u8'></video>", "/m/1.m3u8"),
        ("<object data=/m/1.mp4></object>", "/m/1.mp4"),
        ("<amp-img src=/m/1.jpg></amp-img>", "/m/1.jpg"),
        ("<img data-hi-res-src=/m/1.jpg>", "/m/1.jpg"),
    ],
)  # fmt: skip
def test_media_wherever_they_hide(html: str, path: str) -> None:
    assert path in shown(html)


def test_a_size_in_the_address_tells_a_thumbnail() -> None:
    roles = shown("<img src='/m/1.jpg?w=200&h=200'><img src='/m/2.jpg?w=1200'><img src=/m/3-150x150.jpg>")
    assert [role for role, _ in roles.values()] == ["thumbnail", "media", "thumbnail"]


def test_pages_of_an_empty_shell_need_a_browser_and_plain_ones_do_not() -> None:
    assert page("<body><div id=root></div><script src=/app.js></script></body>").scripted
    assert page("<noscript>You need to enable JavaScript.</noscript><script src=/a.js></script>").scripted
    assert page(f"<div class=gallery-grid></div><script>x</script><p>{WORDS[:100]}").scripted
    assert not page(f"<h1>Plain</h1><p>{WORDS}</p><script src=/tag.js></script>").scripted
    assert not page("<h1>Short</h1>").scripted


def test_pictures_that_are_filled_in_later_need_a_browser() -> None:
    filled = "".join("<img class=lazy>" for _ in range(5))
    assert page(f"<p>{WORDS}</p>{filled}<script src=/l.js></script>").scripted
    named = "".join(f"<img class=lazy data-src=/m/{number}.jpg>" for number in range(5))
    assert not page(f"<p>{WORDS}</p>{named}<script src=/l.js></script>").scripted


def test_without_scripts_nothing_needs_a_browser() -> None:
    assert not needs_browser(Signs(text=0, scripts=0, root=True, hollow=3, asks=True, unfilled=9))


MAP = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{}</urlset>"


def test_a_sitemap_gives_pages_newest_first() -> None:
    body = MAP.format(
        "<url><loc>http://a.test/old</loc><lastmod>2026-01-01</lastmod></url>"
        "<url><loc> /new </loc><lastmod>2026-09-01T10:00:00+02:00</lastmod></url><url><loc>/undated</loc></url>"
    ).encode()
    found = read_listing(body, "http://a.test/sitemap.xml")
    assert found.kind == "sitemap" and not found.more
    assert [entry.url for entry in found.entries] == ["http://a.test/new", "http://a.test/old", "http://a.test/undated"]
    assert found.entries[0].at - found.entries[1].at > 200 * 86400
    assert read_listing(gzip.compress(body), "http://a.test/sitemap.xml.gz") == found


def test_indexes_feeds_and_plain_lists() -> None:
    index = b"<sitemapindex><sitemap><loc>/s/1.xml.gz</loc></sitemap></sitemapindex>"
    rss = (b"<rss><channel><link>/</link><item><title>x</title><link>/v/1</link>"
           b"<pubDate>Sat, 21 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>")  # fmt: skip
    atom = (b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><link href='/v/1'/>"
            b"<updated>2026-01-01T00:00:00Z</updated></entry></feed>")  # fmt: skip
    for body, kind in ((index, "index"), (rss, "feed"), (atom, "feed"), (b'{"items":[{"url":"/v/1"}]}', "feed"),
                       (b"http://a.test/v/1\nhttp://a.test/v/2\n", "sitemap")):  # fmt: skip
        found = read_listing(body, "http://a.test/x")
        assert found.kind == kind and found.entries, body
    assert [entry.url for entry in read_listing(rss, "http://a.test/x").entries] == ["http://a.test/v/1"]


def test_a_search_description_gives_an_address_with_a_place_for_words() -> None:
    body = b"""<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
    <Url type="application/rss+xml" template="http://a.test/rss?q={searchTerms}"/>
    <Url type="text/html" template="http://a.test/s?q={searchTerms}&amp;p={startPage?}"/></OpenSearchDescription>"""
    assert read_listing(body, "http://a.test/os.xml").template == "http://a.test/s?q={word}&p="


def test_more_than_is_read_is_said_to_be_more() -> None:
    body = MAP.format("".join(f"<url><loc>/v/{number}</loc></url>" for number in range(MOST_ENTRIES + 10))).encode()
    found = read_listing(body, "http://a.test/s.xml")
    assert len(found.entries) == MOST_ENTRIES and found.more


@pytest.mark.parametrize(
    "body",
    [b"<!DOCTYPE x [<!ENTITY a 'b'>]><urlset>&a;</urlset>", b"<html><body>x</body></html>", b"", b"\x1f\x8bno", b"[1]"],
)
def test_what_is_no_list_is_none(body: bytes) -> None:
    assert read_listing(body, "http://a.test/").kind == ""


@given(st.binary(max_size=400))
def test_nothing_is_raised_for_what_is_in_a_list(body: bytes) -> None:
    for start in (b"", b"<urlset>", b"{", b"\x1f\x8b"):
        read_listing(start + body, "http://a.test/")
    page(body)


@pytest.mark.parametrize(
    "text", ["2026", "2026-01", "2026-01-02", "2026-01-02T03:04Z", "Sat, 21 Nov 2026 10:00:00 GMT"]
)
def test_dates_as_they_are_written(text: str) -> None:
    assert moment(text) > 1_700_000_000


@pytest.mark.parametrize("text", ["", "yesterday", "9999-99-99", "0001-01-01", "2026-13-01"])
def test_what_is_no_date(text: str) -> None:
    assert moment(text) == 0


def test_the_canonical_address_and_the_description_as_data() -> None:
    read = page(
        "<link rel=canonical href=/v/one><link rel=canonical href=/v/two>"
        "<link rel=alternate type=application/json+oembed href=/oembed/1.json><a href=/v/3>on</a>"
    )
    assert (read.canonical, read.oembed) == ("http://a.test/v/one", "http://a.test/oembed/1.json")
    assert "http://a.test/oembed/1.json" not in read.links and "http://a.test/v/3" in read.links


@pytest.mark.parametrize(
    ("path", "small"),
    [
        ("/th/12.jpg", True), ("/img/thumbs/12.jpg", True), ("/i/12_t.jpg", True), ("/i/12-th.webp", True),
        ("/i/12.tn.png", True), ("/w200/12.jpg", True), ("/i/12_s150.jpg", True), ("/x/w_240,c_fill/12.jpg", True),
        ("/a=s160-c", True), ("/200px-lake.jpg", True), ("/lake-240w.webp", True), ("/tb/9.jpg", True),
        ("/i/12.jpg", False), ("/the/12.jpg", False), ("/i/best_shot.jpg", False), ("/w1200/12.jpg", False),
        ("/lake-1920w.webp", False), ("/i/robert.jpg", False), ("/s/12.jpg", False), ("/v/120/lake.jpg", False),
        ("/threads/12.jpg", False), ("/2021/150/lake.jpg", False),
    ],
)  # fmt: skip
def test_small_versions_are_told_by_their_path(path: str, small: bool) -> None:
    assert is_small(f"http://a.test{path}") is small
