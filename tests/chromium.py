"""Chromium for tests of pages, without a server: each request is answered by Django's test client in this thread.

So the page is the real one with its real headers (content security policy included), and nothing leaves the process.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

ORIGIN = "http://localhost"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip


def executable() -> str:
    """Chromium of this machine; skips the test with a reason where there is none."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    if not found:
        pytest.skip("no Chromium on this machine: install the package chromium")
    return found


class Browser:
    """One Chromium. ``page(client)`` opens a page whose requests that client answers."""

    def __init__(self, browser: Any, connection: Any) -> None:
        self.browser, self.connection = browser, connection
        self.outside: list[str] = []
        self.complaints: list[str] = []

    @contextmanager
    def page(self, client: Any, *, width: int = 390, height: int = 844, **options: Any) -> Iterator[Any]:
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, service_workers="block", **options
        )
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.route("**/*", lambda route: self._answer(route, client))
        try:
            yield page
        finally:
            context.close()

    def _answer(self, route: Any, client: Any) -> None:
        from django.db import connections

        # Inside Playwright's loop Django would open a connection of its own, blind to the test's transaction.
        connections["default"] = self.connection
        request = route.request
        if not request.url.startswith(ORIGIN + "/"):
            self.outside.append(request.url)
            route.abort()
            return
        parts = urlsplit(request.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        # What the check against forged forms looks at is what this browser really sends.
        headers = {name: request.headers[name] for name in ("origin", "referer", "x-step") if name in request.headers}
        headers["host"] = "localhost"
        client.handler.enforce_csrf_checks = True
        if request.method == "POST":
            answer = client.generic(
                "POST",
                path,
                request.post_data_buffer or b"",
                content_type=request.headers.get("content-type", ""),
                headers=headers,
            )
        else:
            answer = client.get(path, headers=headers)
        hops = 0
        while answer.status_code in (301, 302, 303) and hops < 5:
            # Chromium would not ask us for the second half of a redirect, so it is followed here.
            answer, hops = client.get(answer.headers["Location"]), hops + 1
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
        route.fulfill(status=answer.status_code, headers=headers, body=body)


@contextmanager
def chromium() -> Iterator[Browser]:
    from django.db import connections
    from playwright.sync_api import sync_playwright

    path, connection = executable(), connections["default"]
    # Playwright's own loop runs in this thread, and Django's database calls are made inside its callbacks.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
            try:
                yield Browser(browser, connection)
            finally:
                browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
        else:
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before
