"""Pages that scripts write: what they come to, and what their scripts must not be able to reach."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from efface.net.browser import Browser, Rendered
from efface.net.browser.model import Render
from efface.net.browser.proxy import Proxy
from efface.net.browser.runner import executable
from efface.net.guard import Guard
from tests.net.internet import Internet, Request, answer, running

pytestmark = pytest.mark.slow
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@contextlib.asynccontextmanager
async def shop() -> AsyncIterator[Browser]:
    if not executable():
        pytest.skip("no Chromium on this machine: install the package chromium")
    browser = Browser()
    try:
        yield browser
    finally:
        browser.close()


def show(html: str, handler: Callable[[Request], Any] | None = None, **more: Any) -> tuple[Rendered, Internet]:
    async def work(internet: Internet) -> Rendered:
        def site(request: Request) -> Any:
            if request.target == "/":
                return answer(f"<html><body>{html}</body></html>".encode())
            return handler(request) if handler else answer(b"", 404)

        internet.add("page.example.org", site)
        async with shop() as browser:
            return await browser.render(Guard(world=internet.world()), "http://page.example.org/", "Test", **more)

    with running() as internet:
        return asyncio.run(work(internet)), internet


def test_what_scripts_write_is_read_and_no_picture_is_ever_fetched() -> None:
    made, internet = show(
        f"<div id=x></div><img src=/plain.jpg><img src='{PIXEL}'><p style='background:url(/css.jpg);height:9px'></p>"
        "<video poster=/poster.jpg src=/film.mp4 preload=auto></video><svg><image href=/svg.jpg /></svg>"
        "<canvas id=c></canvas><script>const add=u=>{const i=new Image();i.src=u;x.append(i)};"
        "fetch('/list').then(r=>r.json()).then(d=>d.forEach(add));"
        "const j=new Image();j.src='/canvas.jpg';j.onload=()=>c.getContext('2d').drawImage(j,0,0);"
        "fetch('/blob.jpg').then(r=>r.blob()).then(b=>add(URL.createObjectURL(b))).catch(()=>{})</script>",
        lambda one: answer(b'["/one.jpg"]', mime="application/json") if one.target == "/list" else answer(b"", 404),
    )
    asked = {target for _, target in internet.asked}
    assert not [target for target in asked if target.endswith((".jpg", ".mp4"))], asked
    seen = {url.rsplit("/", 1)[1] for url in made.media}
    assert {"plain.jpg", "css.jpg", "poster.jpg", "svg.jpg", "canvas.jpg", "one.jpg"} <= seen
    assert "/one.jpg" in made.html and made.error == ""


def test_what_only_its_answer_tells_to_be_a_picture_is_withheld_too() -> None:
    made, _ = show(
        "<p id=x>-</p><script>const put=t=>x.append(t+' ');"
        "for(const u of ['/a','/b','/c'])fetch(u).then(r=>r.arrayBuffer()).then(b=>put(u+'-read-'+b.byteLength))"
        ".catch(()=>put(u+'-withheld'))</script>",
        lambda one: answer(b"x" * 5, mime={"/a": "image/jpeg", "/b": "Video/MP4; x=1", "/c": "text/plain"}[one.target])
        if one.target in ("/a", "/b", "/c") else answer(b"", 404),
    )  # fmt: skip
    assert "/a-withheld" in made.html and "/b-withheld" in made.html and "/c-read-5" in made.html, made.html
    assert {"/a", "/b"} <= {"/" + url.rsplit("/", 1)[1] for url in made.media}


def test_scripts_reach_neither_loopback_nor_metadata_by_any_way() -> None:
    reached: list[Any] = []
    inside = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: reached.append(inside.accept()), daemon=True).start()
    port = inside.getsockname()[1]
    made, internet = show(
        f"<iframe src=http://127.0.0.1:{port}/f></iframe><link rel=stylesheet href=http://127.0.0.1:{port}/s.css>"
        f"<script>const h='127.0.0.1:{port}';"
        "for(const u of ['http://'+h,'http://169.254.169.254/','http://[::1]/','http://localhost/'])"
        "fetch(u).then(()=>{document.title='REACHED'}).catch(()=>{});"
        "for(const s of ['ws://','wss://'])try{new WebSocket(s+h).onopen=()=>{document.title='REACHED'}}catch(e){}"
        "navigator.sendBeacon('http://'+h,'x');new EventSource('http://'+h);"
        "try{new Worker(URL.createObjectURL(new Blob(['fetch(\"http://'+h+'\")'])))}catch(e){}"
        "try{new RTCPeerConnection()}catch(e){document.body.dataset.rtc='no'}</script>"
    )
    inside.close()
    assert reached == [] and "<title>REACHED" not in made.html
    assert 'data-rtc="no"' in made.html
    assert {host for host, _ in internet.asked} == {"page.example.org"}


def test_windows_dialogs_and_downloads_come_to_nothing() -> None:
    made, internet = show(
        "<script>for(let i=0;i<9;i++)window.open('/pop'+i);alert(1);confirm(2);"
        "const l=document.createElement('a');l.href='/x.bin';l.download='x';l.click();document.title='on'</script>",
        lambda _: answer(b"x" * 100, mime="application/octet-stream"),
    )
    assert made.dialogs == 0 and "<title>on</title>" in made.html
    assert not [target for _, target in internet.asked if target.startswith("/pop")]


def test_alerts_without_end_end() -> None:
    made, _ = show("<p>Something stood here.</p><script>setInterval(()=>alert('x'),1);confirm('y')</script>")
    assert made.error == "" and "Something stood here" in made.html


def test_it_scrolls_so_far_and_no_further() -> None:
    made, _ = show(
        "<script>let n=0;function more(){document.body.style.height=(3000*(++n+1))+'px';const i=new Image();"
        "i.src='/p'+n+'.jpg';document.body.append(i)}more();addEventListener('scroll',more)</script>"
    )
    assert 5 <= len(made.media) <= 2 * Render("", 0, "", "").scrolls + 4


def test_a_loop_without_end_costs_its_time_and_no_more() -> None:
    made, _ = show("<p>Before</p><script>while(true){}</script>", total_s=4.0)
    assert made.error == "timeout"


def test_a_page_that_asks_for_too_much_is_cut_off() -> None:
    made, internet = show("<script>for(let i=0;i<2000;i++)fetch('/f'+i).catch(()=>{})</script>")
    assert made.error == "requests" and len(internet.asked) <= Render("", 0, "", "").requests + 5


def test_browsers_are_of_another_user_than_everything_else() -> None:
    async def work() -> dict[str, Any]:
        async with shop() as browser:
            return browser.state()

    assert asyncio.run(work())["uid"] != 0


def test_without_a_browser_it_says_so() -> None:
    async def work() -> Rendered:
        browser = Browser(enabled=False)
        return await browser.render(Guard(), "http://page.example.org/", "Test")

    assert asyncio.run(work()).error == "off"


def test_the_proxy_answers_to_its_password_only_and_asks_the_guard() -> None:
    async def ask(port: int, head: str) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode())
        said = (await reader.readline()).decode()
        writer.close()
        return said.split()[1]

    async def work(internet: Internet) -> list[str]:
        internet.add("page.example.org", lambda _: answer(b"hello"))
        internet.names["inside.example.org"] = ["10.0.0.7"]
        async with Proxy(Guard(world=internet.world())) as proxy:
            word = f"Proxy-Authorization: {proxy._word.replace('basic', 'Basic')}\r\n"
            return [
                await ask(proxy.port, "GET http://page.example.org/ HTTP/1.1\r\n\r\n"),
                await ask(proxy.port, f"GET http://page.example.org/ HTTP/1.1\r\n{word}\r\n"),
                await ask(proxy.port, f"GET http://inside.example.org/ HTTP/1.1\r\n{word}\r\n"),
                await ask(proxy.port, f"CONNECT 127.0.0.1:443 HTTP/1.1\r\n{word}\r\n"),
                await ask(proxy.port, f"CONNECT page.example.org:25 HTTP/1.1\r\n{word}\r\n"),
                await ask(proxy.port, f"GET file:///etc/passwd HTTP/1.1\r\n{word}\r\n"),
            ]

    with running() as internet:
        assert asyncio.run(work(internet)) == ["407", "200", "403", "403", "403", "403"]


def test_chromium_is_where_the_test_says_it_is() -> None:
    assert bool(executable()) == any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
