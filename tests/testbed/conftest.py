"""A small world, generated once, and running copies of it on loopback."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dns.message
import dns.query
import dns.rcode
import pytest

from testbed.model import World
from testbed.serve import Running
from testbed.world import generate

SITES = 24
SEED = 5


@dataclass
class Page:
    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """What a guard does: resolve by the world's DNS, dial where the world says. Never follows redirects."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.ready = ready
        self.world = ready["world"]

    def dns(self, name: str, kind: str = "A", tcp: bool = False) -> dns.message.Message:
        ask = dns.query.tcp if tcp else dns.query.udp
        host, port = self.world["dns"]
        return ask(dns.message.make_query(name, kind), host, port=port, timeout=5)

    def addresses(self, name: str) -> list[str]:
        return [row.to_text() for rrset in self.dns(name).answer for row in rrset if row.rdtype == 1]

    def get(self, url: str, data: bytes | None = None, at: str = "", **headers: str) -> Page:
        parts = urlsplit(url)
        dial = at or self.world["dial"][self.addresses(parts.hostname or "")[0]]
        target = f"http://{dial}:{self.world['ports']['80']}{parts.path or '/'}" + (
            f"?{parts.query}" if parts.query else ""
        )
        request = urllib.request.Request(target, data=data, headers={"Host": parts.hostname or "", **headers})
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request, timeout=15) as answer:
                return Page(answer.status, _lower(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.code, _lower(error.headers), error.read())

    def control(self, method: str, path: str, body: Any = None, token: str | None = None) -> dict[str, Any]:
        given = self.ready["control"]["token"] if token is None else token
        request = urllib.request.Request(
            self.ready["control"]["url"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {given}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def advance(self, now: str) -> dict[str, Any]:
        return self.control("POST", "/advance", {"now": now})


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class Thread:
    """A running world in a thread of its own."""

    def __init__(self, folder: Path, mail_in: tuple[str, int] | None = None) -> None:
        self.loop = asyncio.new_event_loop()
        self.running = Running(folder, mail_in)
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.ready = asyncio.run_coroutine_threadsafe(self.running.start(), self.loop).result(20)
        self.client = Client(self.ready)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.running.stop(), self.loop).result(20)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated world nobody serves: copy it to run it."""
    folder = tmp_path_factory.mktemp("world")
    generate(SEED, SITES, 3, None, 90, folder)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "world"))


@pytest.fixture(scope="module")
def shared(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Thread]:
    """A running world for tests that change nothing and never advance time."""
    made = Thread(Path(shutil.copytree(built, tmp_path_factory.mktemp("shared") / "world")))
    yield made
    made.stop()


@pytest.fixture
def client(shared: Thread) -> Client:
    return shared.client


@pytest.fixture
def world(shared: Thread) -> World:
    return shared.running.world
