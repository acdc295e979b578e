"""What is kept of a page holds no picture, however it was written into it."""

from __future__ import annotations

import base64
import json
import random
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.net.page.cut import cut_media
from tests.vision.test_pictures import encoded

PICTURE = encoded("JPEG", quality=60)
CANARY = random.Random(1).randbytes(600)
BASE64 = base64.b64encode(CANARY).decode()
LINES = "\n".join(BASE64[i : i + 76] for i in range(0, len(BASE64), 76))

WAYS = {
    "img": f'<img src="data:image/jpeg;base64,{BASE64}">',
    "img without quotes": f"<img src=data:image/jpeg;base64,{BASE64}>",
    "upper case": f'<IMG SRC="DATA:IMAGE/JPEG;BASE64,{BASE64}">',
    "spaces inside": f'<img src=" da\tta:image/jpeg;base64,{LINES}">',
    "entity": f'<img src="data&colon;image/jpeg;base64,{BASE64}">',
    "numeric entity": f'<img src="data&#58;image/jpeg;base64,{BASE64}">',
    "no mime": f'<img src="data:;base64,{BASE64}">',
    "srcset": f'<img srcset="data:image/png;base64,{BASE64} 2x, /a.jpg 1x">',
    "poster": f"<video poster='data:image/jpeg;base64,{BASE64}'></video>",
    "source": f'<video><source src="data:video/mp4;base64,{BASE64}"></video>',
    "style sheet": f"<style>p{{background:url(data:image/jpeg;base64,{BASE64})}}</style>",
    "style sheet, quoted": f"<style>p{{background:url('data:image/jpeg;base64,{BASE64}')}}</style>",
    "style attribute": f'<p style="background:url(data:image/jpeg;base64,{BASE64})">',
    "css escape": f"<style>p{{background:url(\\64 ata\\3a image/jpeg;base64,{BASE64})}}</style>",
    "svg image": f'<svg><image href="data:image/jpeg;base64,{BASE64}"/></svg>',
    "svg drawing": f"<svg><path d='M0 0{''.join(f'L{b} {b}' for b in CANARY)}'/></svg>",
    "svg never closed": f"<svg><text>{BASE64}",
    "percent-encoded": f'<img src="data:image/jpeg,{quote(CANARY)}">',
    "svg in an address": f'<img src="data:image/svg+xml,{quote("<svg><image href=" + chr(34) + BASE64)}">',
    "object": f'<object data="data:image/jpeg;base64,{BASE64}"></object>',
    "link": f'<a href="data:image/jpeg;base64,{BASE64}">save</a>',
    "meta": f'<meta property="og:image" content="data:image/jpeg;base64,{BASE64}">',
    "script, atob": f"<script>draw(atob('{BASE64}'))</script>",
    "script, in lines": "<script>draw('" + LINES.replace("\n", "'+\n'") + "')</script>",
    "script, url-safe": f"<script>draw('{base64.urlsafe_b64encode(CANARY).decode()}')</script>",
    "script, hexadecimal": f"<script>draw('{CANARY.hex()}')</script>",
    "script, escaped bytes": "<script>draw('" + "".join(f"\\x{b:02x}" for b in CANARY) + "')</script>",
    "script, unicode escapes": "<script>draw('" + "".join(f"\\u00{b:02x}" for b in CANARY) + "')</script>",
    "script, numbers": f"<script>blob(new Uint8Array({json.dumps(list(CANARY))}))</script>",
    "script, hexadecimal numbers": "<script>blob([" + ", ".join(f"0x{b:02x}" for b in CANARY) + "])</script>",
    "json": f'<script type="application/json">{json.dumps({"image": BASE64})}</script>',
    "comment": f"<!-- {BASE64} -->",
    "text": f"<pre>{LINES}</pre>",
    "raw bytes": "<p>" + CANARY.decode("latin-1"),
    "raw bytes, replaced": "<p>" + PICTURE.decode("utf-8", "replace"),
}


def leaks(text: str) -> list[str]:
    """Pieces of the canary found in ``text`` in any of the spellings above."""
    found = []
    flat = "".join(text.split())
    for at in range(0, len(CANARY) - 24, 12):
        piece = CANARY[at : at + 24]
        whole = base64.b64encode(CANARY).decode()
        spellings = (
            whole[4 * at // 3 : 4 * at // 3 + 28],
            base64.urlsafe_b64encode(CANARY).decode()[4 * at // 3 : 4 * at // 3 + 28],
            piece.hex(),
            "".join(f"\\x{b:02x}" for b in piece),
            "".join(f"\\u00{b:02x}" for b in piece),
            ",".join(str(b) for b in piece),
            ",".join(f"0x{b:02x}" for b in piece),
            quote(piece),
        )
        found += [spelling for spelling in spellings if spelling in flat]
    return found


@pytest.mark.parametrize("way", [way for way in WAYS if not way.startswith("raw") and way != "svg drawing"])
def test_the_search_finds_each_way_before_the_cut(way: str) -> None:
    assert leaks(WAYS[way].replace("'+\n'", ""))


@pytest.mark.parametrize("way", list(WAYS))
def test_nothing_is_left_after_it(way: str) -> None:
    page = f"<html><body><p>Before it</p>{WAYS[way]}"
    kept, count = cut_media(page)
    assert leaks(kept.replace("'+\n'", "")) == []
    assert count >= 1
    assert len(kept) < 700
    assert "<p>Before it</p>" in kept
    assert "sha256" in kept


def test_what_stood_there_is_named() -> None:
    kept, _ = cut_media(WAYS["img"])
    assert "characters sha256" in kept
    assert kept.startswith('<img src="[cut ')


ORDINARY = """<!doctype html><html lang="en"><head><title>Gallery</title>
<link rel="stylesheet" href="/main.css?v=3f2a9c">
<script src="https://cdn.example/app.min.js"
 integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"></script>
<style>.a{background:url(/img/bg.png) no-repeat 0 0;margin:1px 2px 3px 4px}</style></head><body class="page gallery">
<img src="/media/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.jpg" srcset="/a.jpg 1x, /b.jpg 2x">
<a href="https://cdn.example/v/1?Expires=1700000000&amp;Signature=AbCdEf0123456789~AbCdEf0123456789__">x</a>
<script>var data = {"ids": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "t": "the database of all the data: 12,500"};</script>
<p>The data: everything about it. 1, 2, 3. A long sentence with no picture in it at all, and some more of that.</p>
</body></html>"""


def test_an_ordinary_page_stays_as_it_is() -> None:
    assert cut_media(ORDINARY) == (ORDINARY, 0)


@given(st.text(alphabet="<>svgdata:;,='\"()ABC012 \\x\n", max_size=300))
def test_any_text_is_cut_without_trouble(text: str) -> None:
    kept, count = cut_media(text)
    assert count > 0 or kept == text


@pytest.mark.parametrize(
    "piece",
    [
        "data:",
        "data:image/png;base64,",
        "<svg",
        "A" * 50 + "\n",
        "a1 ",
        "0x1,",
        "12,",
        "\\x",
        "'data:",
        "d='",
        "%41",
        "(",
        "\ufffd",
    ],
)
def test_a_page_made_to_be_slow_is_not(piece: str) -> None:
    start = time.process_time()
    cut_media(piece * (300_000 // len(piece)))
    assert time.process_time() - start < 4
