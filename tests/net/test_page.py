"""A page is reduced to what the rooms need, whatever was written into it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from efface.net.page.model import Page
from efface.net.page.read import decode_html, read_page
from efface.net.page.shingles import estimate, jaccard, shingle, sketch, words
from efface.net.page.urls import absolute, url_digest
from efface.net.protocol import FetchFacts, Limits

URL_ = "http://a.test/v/1"


def page(html: str | bytes, charset: str = "", limits: Limits | None = None, **facts: Any) -> Page:
    body = html.encode() if isinstance(html, str) else html
    return read_page(
        FetchFacts(URL_, facts.pop("final_url", URL_), facts.pop("status", 200), **facts),
        body,
        charset,
        limits or Limits(),
    )


def media(html: str) -> dict[str, tuple[str, str]]:
    return {ref.url.removeprefix("http://a.test"): (ref.role, ref.source) for ref in page(html).media}


def test_title_language_text_and_links() -> None:
    read = page(
        "<html lang=de-AT><head><title> A \n title </title><style>p{}</style></head><body>"
        "<nav>Menu <a href=/m>m</a></nav><main><h1>Heading</h1><p>First <b>bold</b> line of words.</p>"
        "<script>var x</script><p>Second line of the text.</p>"
        "</main><footer>Imprint</footer></body></html>"
    )
    assert read.title == "A title"
    assert read.language == "de-at"
    assert read.text == "Heading\nFirst bold line of words.\nSecond line of the text."
    assert read.links == ["http://a.test/m"]


def test_links_are_absolute_once_each_and_in_order() -> None:
    read = page(
        "<base href='http://b.test/dir/'><a href=one>1</a><a href='one#part'>1</a><a href='//C.test:80/'>2</a>"
        "<a href='mailto:x@y'>3</a><a href='javascript:x()'>4</a><a href='http://u:p@d.test/'>5</a>"
        "<a href='ftp://e.test'>6</a><a href=' /sp\nace'>7</a>"
        "<a href=''>8</a><a>9</a><a href='http://['>10</a><a href='data:text/html,x'>11</a>"
    )
    assert read.links == ["http://b.test/dir/one", "http://c.test/", "http://d.test/", "http://b.test/space"]


def test_more_links_than_the_limit() -> None:
    read = page("".join(f"<a href=/{i}>x</a>" for i in range(50)), limits=Limits(links_per_page=10))
    assert len(read.links) == 10
    assert read.more


def test_a_picture_behind_a_link_is_the_medium_and_the_one_shown_its_thumbnail() -> None:
    found = media('<a href="/full/1.jpg"><img src="/s/1.jpg"></a>')
    assert found == {"/full/1.jpg": ("media", "a"), "/s/1.jpg": ("thumbnail", "img")}


def test_a_gallery_shows_thumbnails() -> None:
    read = page('<a href="/v/2"><img src="/i/2.jpg"></a>')
    assert [(ref.role, ref.link) for ref in read.media] == [("thumbnail", "http://a.test/v/2")]


@pytest.mark.parametrize(
    ("html", "url", "role"),
    [
        ("<img src=/a.jpg>", "/a.jpg", "media"),
        ("<img src=/a.jpg width=1200 height=900>", "/a.jpg", "media"),
        ("<img src=/a.jpg width=120 height=90>", "/a.jpg", "thumbnail"),
        ("<img src=/thumbs/a.jpg>", "/thumbs/a.jpg", "thumbnail"),
        ("<img src=/a-150x150.jpg>", "/a-150x150.jpg", "thumbnail"),
        ("<img src=/a_tn.jpg>", "/a_tn.jpg", "thumbnail"),
        ("<img data-src=/lazy.jpg src=/spacer.gif>", "/lazy.jpg", "media"),
        ("<img src='data:image/gif;base64,R0' data-original=/o.webp>", "/o.webp", "media"),
        ("<video poster=/p.jpg><source src=/v.mp4></video>", "/p.jpg", "poster"),
        ("<video poster=/p.jpg><source src=/v.mp4></video>", "/v.mp4", "media"),
        ("<picture><source srcset='/s.avif 400w, /l.avif 1600w'><img src=/f.jpg></picture>", "/l.avif", "media"),
        ("<picture><source srcset='/s.avif 400w, /l.avif 1600w'><img src=/f.jpg></picture>", "/s.avif", "thumbnail"),
        ("<meta property=og:image content=/og.jpg>", "/og.jpg", "media"),
        ("<meta name=twitter:image content=/tw.jpg>", "/tw.jpg", "media"),
        ("<script type=application/ld+json>{\"contentUrl\":\"/ld.jpg\"}</script>", "/ld.jpg", "media"),
        ("<script type=application/ld+json>{\"@type\":\"ImageObject\",\"url\":\"/u.jpg\"}</script>", "/u.jpg", "media"),
        ("<script type=application/ld+json>[{\"thumbnailUrl\":[\"/t.jpg\"]}]</script>", "/t.jpg", "thumbnail"),
        ("<div style=\"background-image: url('/bg.jpg')\"></div>", "/bg.jpg", "media"),
        ("<div style='background:url(/bg2.png) no-repeat'></div>", "/bg2.png", "media"),
    ],
)  # fmt: skip
def test_where_media_stand(html: str, url: str, role: str) -> None:
    assert media(html)[url][0] == role


@pytest.mark.parametrize(
    "html",
    [
        "<img src='data:image/png;base64,AAAA'>", "<img src=/logo.svg>", "<img src=/px.gif width=1 height=1>", "<img>",
        "<img src=''>", "<img src='javascript:x'>", "<a href=/page.html>x</a>", "<div style='background:url(data:x)'>",
        "<script type=application/ld+json>{broken</script>",
        "<script type=application/ld+json>" + "[" * 5000 + "</script>",
    ],
)  # fmt: skip
def test_what_is_no_medium(html: str) -> None:
    assert media(html) == {}


def test_more_media_than_the_limit() -> None:
    read = page("".join(f"<img src=/{i}.jpg>" for i in range(500)), limits=Limits(media_per_page=10))
    assert len(read.media) == 10
    assert read.more


@pytest.mark.parametrize(
    ("wall", "html", "facts"),
    [
        ("login", "<form><input name=user><input type=password></form>", {}),
        ("login", "<h1>Members only</h1><p>Please log in to view this album.</p>", {}),
        ("login", "<p>Unauthorised</p>", {"status": 401}),
        ("age", "<h1>Age verification</h1><p>Are you over 18?</p><a href=/yes>Enter</a>", {}),
        ("challenge", "<title>Just a moment...</title><p>Checking</p>", {}),
        ("challenge", "<p>x</p>", {"headers": {"cf-mitigated": "challenge"}}),
        ("challenge", "<div class=g-recaptcha></div>", {"status": 403}),
        ("challenge", "<title>x</title><p>Please verify you are a human to continue</p>", {"status": 200}),
        ("paywall", "<p>Subscribe to continue reading this</p>", {}),
        ("paywall", "<p>x</p>", {"status": 402}),
        ("suspended", "<h1>Account Suspended</h1><p>Contact your hosting provider.</p>", {}),
        ("suspended", "<p>x</p>", {"final_url": "http://a.test/cgi-sys/suspendedpage.cgi"}),
        ("parked", "<p>This domain is for sale! Buy this domain.</p>", {}),
        ("geo", "<p>This content is not available in your country</p>", {}),
        ("geo", "<p>x</p>", {"status": 451}),
        ("not-found", "<p>x</p>", {"status": 404}),
        ("not-found", "<title>Page not found</title><p>Sorry</p>", {"status": 200}),
        ("not-found", "<h1>This video has been removed</h1>", {"status": 200}),
    ],
)
def test_walls(wall: str, html: str, facts: dict[str, Any]) -> None:
    assert wall in page(html, **facts).walls


LIVE = (
    "<title>Album of May</title><nav><a href=/login>Log in</a> <a href=/join>Become a member</a></nav><main>"
    "<h1>Album of May</h1>"
    "<p>" + "A long description of the album with many words about everything in it. " * 40 + "</p>"
    + "".join(f"<img src=/{i}.jpg>" for i in range(8)) + "<p>Please log in to comment. Adults only. 18+</p></main>"
)  # fmt: skip


def test_a_live_page_has_no_walls() -> None:
    assert page(LIVE).walls == []


def test_a_short_live_page_with_a_log_in_link_has_none_either() -> None:
    assert (
        page("<title>P</title><nav><a href=/login>Log in</a></nav><main><p>My album</p><img src=/1.jpg></main>").walls
        == []
    )


def test_character_sets() -> None:
    assert decode_html("grün".encode("latin-1"), "iso-8859-1") == "grün"
    assert decode_html(b"<meta charset=windows-1251>" + "привет".encode("cp1251")).endswith("привет")
    assert decode_html(b"\xff\xfe" + "ja".encode("utf-16-le")) == "ja"
    assert decode_html("grün".encode(), "nonsense-8") == "grün"
    assert decode_html(b"+ADw-script+AD4-", "utf-7") == "+ADw-script+AD4-"
    assert decode_html(b"abc", "rot13") == "abc"
    assert decode_html(b"abc", "zlib") == "abc"


def test_text_hides_nothing_and_carries_no_payload() -> None:
    read = page("<p>a\u202eb \x00c " + "A" * 5000 + " d</p>")
    assert read.text == "ab \ufffdc d"


def test_nesting_without_end() -> None:
    assert page("<div>" * 500_000).more
    assert page("<p>word " + "<b>" * 300 + "deep").text == "word deep"


def test_meta_refresh() -> None:
    assert page("<meta http-equiv=Refresh content='0; URL=/next'>").moved_to == "http://a.test/next"
    assert page("<meta http-equiv=refresh content='900;url=/next'>").moved_to == ""
    assert page("<meta http-equiv=refresh content='900;url=/next'>").links == ["http://a.test/next"]


@given(st.binary(max_size=400) | st.text(alphabet="<>/ab=\"' !-&;\n", max_size=300).map(str.encode))
def test_any_bytes_are_a_page(body: bytes) -> None:
    read = page(body)
    assert all(url.startswith(("http://", "https://")) for url in read.links)


@given(st.text(max_size=100))
def test_any_reference_is_a_web_address_or_nothing(reference: str) -> None:
    url = absolute(URL("http://a.test/x/"), reference)
    assert url == "" or url.startswith(("http://", "https://"))
    assert "#" not in url


def test_one_digest_for_one_address() -> None:
    assert url_digest("http://A.test:80/x#y") == url_digest("http://a.test/x")
    assert url_digest("http://a.test/x") != url_digest("https://a.test/x")


def test_shingles() -> None:
    text = "one two three four five six seven eight nine ten eleven twelve"
    same, other = set(shingle(words(text))), set(shingle(words("entirely different words stand on this other page")))
    assert jaccard(same, same) == 1.0
    assert jaccard(same, other) == 0.0
    assert jaccard(set(), set()) == 1.0
    assert shingle(words("seen 12 times today")) == shingle(words("seen 9481 times today"))
    assert estimate(sketch(same), sketch(same)) == 1.0
    assert estimate([], sketch(same)) == -1.0


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 3000))
def test_the_sketch_estimates_the_resemblance(ours: int, theirs: int, shared: int) -> None:
    a = {i * 7919 % 2**32 for i in range(ours)} | {i * 104_729 % 2**32 for i in range(shared)}
    b = {(i + 10**6) * 15_485_863 % 2**32 for i in range(theirs)} | {i * 104_729 % 2**32 for i in range(shared)}
    if a and b:
        assert len(sketch(a)) == min(256, len({(v * 2654435761) & 0xFFFFFFFF for v in a}))
        assert abs(estimate(sketch(a), sketch(b)) - jaccard(a, b)) < 0.2
