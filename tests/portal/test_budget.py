"""The first page on a slow line and an old phone, measured by Chromium: bytes, and the time until it can be used.

What the application answers is served as it is by a small server, for a slow line can only be played on a real one.
The line is that of 3G as it is commonly played (1.6 Mbit/s, 300 ms there and back), the processor four times slower.
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client

from tests.chromium import ARGUMENTS, executable

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db]
MOST_BYTES, MOST_MS = 60_000, 2_000
LINE = {"offline": False, "latency": 300, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 768_000 / 8}
SLOWER = 4
PARTS = (
    "/", "/static/efface/style.css", "/static/efface/leave.js", "/static/efface/once.js", "/static/efface/quiet.js",
    "/static/efface/icon.svg",
)  # fmt: skip


def answers(packed: bool) -> dict[str, tuple[bytes, dict[str, str]]]:
    """What the application answers, ``packed`` as the proxy in front of it does; by path."""
    client, found = Client(), {}
    for path in PARTS:
        answer = client.get(path)
        assert answer.status_code == 200, path
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        headers = dict(answer.headers)
        if packed:
            body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
        found[path] = (body, {name: value for name, value in headers.items() if name != "Content-Length"})
    return found


@contextmanager
def served(held: dict[str, tuple[bytes, dict[str, str]]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body, headers = held.get(self.path, (b"", {}))
            self.send_response(200 if self.path in held else 404)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()


def measured(held: dict[str, tuple[bytes, dict[str, str]]]) -> tuple[int, float]:
    """Bytes on the line, and milliseconds until the page is painted and its scripts have run; the better of two."""
    from playwright.sync_api import sync_playwright

    found = []
    with served(held) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        for _ in range(2):
            context = browser.new_context(viewport={"width": 390, "height": 844})
            page = context.new_page()
            devtools = context.new_cdp_session(page)
            devtools.send("Network.enable")
            devtools.send("Network.emulateNetworkConditions", LINE)
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            counted: list[int] = []
            devtools.on("Network.loadingFinished", lambda event, to=counted: to.append(int(event["encodedDataLength"])))
            page.goto(address, wait_until="load")
            assert page.is_visible("a.exit") and page.is_visible("h1")
            usable = page.evaluate(
                "Math.max(performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd,"
                " ...performance.getEntriesByName('first-contentful-paint').map(one => one.startTime))"
            )
            page.wait_for_timeout(200)
            found.append((sum(counted), float(usable)))
            context.close()
        browser.close()
    return min(found, key=lambda one: one[1])


def test_the_first_page_is_small_and_soon_there(organisation: Any, record_property: Any) -> None:
    size, ms = measured(answers(packed=True))
    record_property("bytes", size)
    record_property("usable_ms", ms)
    assert 5_000 < size < MOST_BYTES
    assert 300 < ms < MOST_MS


def test_the_measure_sees_a_heavy_page(organisation: Any) -> None:
    held = answers(packed=True)
    body, headers = held["/static/efface/style.css"]
    heavy = gzip.decompress(body) + b"/*" + bytes(one % 90 + 33 for one in range(7, 400_000 * 7, 7)) + b"*/"
    held["/static/efface/style.css"] = (heavy, {k: v for k, v in headers.items() if k != "Content-Encoding"})
    size, ms = measured(held)
    assert size > MOST_BYTES and ms > MOST_MS
