# ruff: noqa: E501 - pages stand on one line each
"""A picture of a page with every picture of its own blocked, wherever its bytes come from."""

from __future__ import annotations

import asyncio
import io
from base64 import b64decode, b64encode
from typing import Any

import numpy as np
import pytest
from PIL import Image

from efface.net.guard import Guard
from tests.net.internet import Internet, Request, answer, running
from tests.net.test_browser import shop

pytestmark = pytest.mark.slow
MAGENTA = (255, 0, 255)


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 300), MAGENTA).save(out, "PNG")
    return out.getvalue()


DATA = "data:image/png;base64," + b64encode(png()).decode()
WAYS = {
    "data": f"<img src='{DATA}'>",
    "network": "<img src=/a.png><input type=image src=/a.png>",
    "css": f"<style>.b{{background:url({DATA}) !important}}</style><div class=b style='width:300px;height:300px'></div>",
    "generated": f"<style>.g::before{{content:url({DATA}) !important;display:block}}</style><p class=g></p>",
    "generated on a picture": f"<style>img{{content:url({DATA}) !important}}</style><img>",
    "escaped": f"<style>.e{{background:u\\72l('d\\61 ta:{DATA[5:]}') !important;height:300px}}</style><p class=e></p>",
    "tab": f"<style>.t{{background:url('da\tta:{DATA[5:]}');height:300px}}</style><p class=t></p>",
    "variable": f"<style>:root{{--v:url({DATA})}}.v{{background:var(--v);height:300px}}</style><p class=v></p>",
    "style of its own": f"<p style='height:300px;background:url({DATA}) !important'></p>",
    "set": f"<style>.s{{background:image-set('{DATA}' 1x);height:300px}}</style><p class=s></p>",
    "imported": "<style>@import 'data:text/css,.i{{background:%23f0f0;}}'; @import url(/x.css);</style><p class=i></p>",
    "filter": f"<svg width=0 height=0><filter id=q><feImage href='{DATA}' /></filter></svg>"
    "<p style='height:300px;width:300px;background:#fff;filter:url(#q)'></p>",
    "constructed": f"<p class=k></p><script>const s=new CSSStyleSheet();s.replaceSync('.k{{height:300px;background:url({DATA})}}');"
    "document.adoptedStyleSheets=[s]</script>",
    "sheet of a shadow": f"<div id=m></div><script>m.attachShadow({{mode:'closed'}}).innerHTML='<style>p{{height:300px;"
    f"background:url({DATA})}}</style><p></p>'</script>",
    "list": f"<ul><li style='list-style-image:url({DATA})'>x</ul>",
    "svg": "<svg width=300 height=300><rect width=300 height=300 fill='#f0f' /></svg>",
    "svg picture": f"<svg width=300 height=300><image href='{DATA}' width=300 height=300 /></svg>",
    "poster": f"<video width=300 height=300 poster='{DATA}'></video>",
    "canvas": "<canvas id=c width=300 height=300></canvas><script>try{const x=document.getElementById('c')"
    ".getContext('2d');x.fillStyle='#f0f';x.fillRect(0,0,300,300)}catch(e){}</script>",
    "canvas of a frame": "<canvas id=c width=300 height=300></canvas><iframe id=f></iframe><script>try{"
    "f.contentWindow.HTMLCanvasElement.prototype.getContext.call(c,'2d').fillRect(0,0,300,300)}catch(e){}</script>",
    "blob": f"<img id=i width=300 height=300><script>const b=atob('{DATA.split(',')[1]}');const a=new Uint8Array(b.length);"
    "for(let j=0;j<b.length;j++)a[j]=b.charCodeAt(j);i.src=URL.createObjectURL(new Blob([a],{type:'image/png'}))</script>",
    "closed shadow": "<div id=h></div><script>h.attachShadow({mode:'closed'}).innerHTML="
    "'<svg width=300 height=300><rect width=300 height=300 fill=\"#f0f\" /></svg>'</script>",
    "declared shadow": f"<div><template shadowrootmode=closed><img src='{DATA}'></template></div>",
    "frame": "<iframe width=320 height=320 srcdoc=\"<svg width=300 height=300><rect width=300 height=300 fill='#f0f' "
    "/></svg>\"></iframe>",
    "object": f"<object data='{DATA}' width=300 height=300></object><embed src='{DATA}' width=300 height=300>",
}  # fmt: skip


def shot(html: str) -> Any:
    async def work(internet: Internet) -> str:
        def site(request: Request) -> Any:
            if request.target == "/":
                return answer(f"<html><body><h1>A page with words</h1>{html}</body></html>".encode())
            if request.target == "/x.css":
                return answer(f".i{{height:300px;background:url({DATA})}}".encode(), mime="text/css")
            return answer(png(), mime="image/png")

        internet.add("page.example.org", site)
        async with shop() as browser:
            seen = await browser.render(Guard(world=internet.world()), "http://page.example.org/", "Test", shot=True)
        assert seen.shot_b64, seen.error
        return seen.shot_b64

    with running() as internet:
        return np.asarray(Image.open(io.BytesIO(b64decode(asyncio.run(work(internet))))).convert("RGB")).astype(int)


def magenta(pixels: Any) -> int:
    return int(((pixels[..., 0] > 200) & (pixels[..., 1] < 80) & (pixels[..., 2] > 200)).sum())


@pytest.mark.parametrize("way", WAYS)
def test_no_picture_is_drawn(way: str) -> None:
    pixels = shot(WAYS[way])
    assert magenta(pixels) == 0, way
    assert (pixels.sum(axis=2) < 120).sum() > 200, "the words are there"
    assert pixels.shape[1] == 1280


def test_the_test_can_see_what_it_looks_for() -> None:
    assert magenta(shot("<div style='width:300px;height:300px;background:#f0f'></div>")) > 80_000
