"""What a page says of which medium is the small version of which."""

from __future__ import annotations

import pytest

from efface.net.page.read import read_page
from efface.net.protocol import FetchFacts, Limits

URL = "http://a.test/v/1"
SMALL, FULL = "http://a.test/thumbs/1.jpg", "http://a.test/i/1.jpg"


@pytest.mark.parametrize(
    "html",
    [
        f"<a href='{FULL}'><img src='{SMALL}'></a>",
        f"<img src='{FULL}' srcset='{SMALL} 240w, {FULL} 1024w'>",
        f"<picture><source srcset='{FULL}'><img src='{SMALL}'></picture>",
        f"<picture><source srcset='{SMALL} 240w, {FULL} 900w'><img src='{SMALL}'></picture>",
        f"<img src='{SMALL}' data-full='{FULL}'>",
        f"<img src='{SMALL}'><a href='{FULL}'><img src='{SMALL}'></a>",
    ],
    ids=["link", "srcset", "picture", "source", "lazy", "met twice"],
)
def test_the_full_medium_is_named(html: str) -> None:
    page = read_page(FetchFacts(URL, URL, 200), f"<html><body>{html}</body>".encode(), "utf-8", Limits())
    refs = {ref.url: ref for ref in page.media}
    assert (refs[SMALL].role, refs[SMALL].of) == ("thumbnail", FULL)
    assert (refs[FULL].role, refs[FULL].of) == ("media", "")


@pytest.mark.parametrize(
    "html", [f"<a href='/v/2'><img src='{SMALL}'></a>", f"<img src='{SMALL}'>", f"<img src='{SMALL}' srcset='{SMALL}'>"]
)
def test_a_thumbnail_of_nothing_on_the_page_names_none(html: str) -> None:
    page = read_page(FetchFacts(URL, URL, 200), f"<html><body>{html}</body>".encode(), "utf-8", Limits())
    assert [ref.of for ref in page.media] == [""]
