"""The only way out of this room: what a look-up may ask of the network, and the egress guard behind it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Protocol

from efface.net.fetch import Session, json_limits, session_json
from efface.net.guard import Guard, NetError
from efface.net.protocol import Limits
from efface.net.spacing import Spacing
from efface.whereabouts import facts
from efface.whereabouts.shared import Shared

MOST_REQUESTS = 200
PAGE_BYTES = 400_000
JSON_BYTES = 1_000_000
PAGES_AT_ONCE, LOOKUPS_AT_ONCE = 2, 8
"""Towards one site, and towards one registry, over all look-ups of this process."""
PATIENCE_S = 3.0
"""Longest wait for a server that says it is busy (RFC 9110 Retry-After)."""


class Unanswered(Exception):
    """A question got no usable answer. ``kind`` is the protocol's word, or "status" with the number in ``detail``."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind} {detail}".strip())
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Certificate:
    """A TLS certificate that was checked: the organisation it names ("" for most) and the names it is good for."""

    organisation: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One web page. ``headers`` are lower-case; ``body`` at most ``PAGE_BYTES``; ``final_url`` after redirects."""

    status: int
    final_url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    charset: str = ""
    claimed_ip: str = ""
    certificate: Certificate | None = None


class Transport(Protocol):
    """All of them raise ``Unanswered`` and nothing else."""

    async def dns(self, name: str, record: str) -> list[str]:
        """Records as text in zone-file form; no such record or name: an empty list."""
        ...

    async def get(self, url: str) -> Answer:
        """One page, whatever its status."""
        ...

    async def get_json(self, url: str) -> Any:
        """Parsed JSON of a 2xx answer."""
        ...

    async def tcp(self, host: str, port: int, payload: bytes, limit: int) -> bytes:
        """Send, then read to the end: at most ``limit`` bytes."""
        ...


class GuardTransport:
    """A transport over the egress guard, for one look-up: a fixed number of requests, pages in one session, registries
    in another. Pages of one site are asked for ``pace_s`` seconds apart. With ``fresh_s`` answers of other look-ups are
    taken from ``shared`` and do not count."""

    def __init__(
        self, guard: Guard, limits: Limits, shared: Shared | None = None, fresh_s: float = 0.0, pace_s: float = 0.0
    ) -> None:
        self._guard = guard
        self._limits = replace(limits, page_bytes=min(limits.page_bytes, PAGE_BYTES), total_s=min(limits.total_s, 20.0))
        self._session = Session(guard, self._limits, spacing=Spacing(pace_s, _site) if pace_s else None)
        self._registries = Session(guard, json_limits(JSON_BYTES, min(limits.total_s, 15.0)))
        self._shared = shared or Shared()
        self._fresh_s = fresh_s
        self._left = MOST_REQUESTS

    async def __aenter__(self) -> GuardTransport:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.__aexit__(kind, error, trace)
        await self._registries.__aexit__(kind, error, trace)

    def _spend(self) -> None:
        if self._left <= 0:
            raise Unanswered("internal", "too many questions for one look-up")
        self._left -= 1

    async def dns(self, name: str, record: str) -> list[str]:
        name = name.rstrip(".").lower()

        async def call() -> list[str]:
            self._spend()
            try:
                return await self._guard.query(name, record)
            except NetError as error:
                if error.kind == "nxdomain":
                    return []
                raise Unanswered(error.kind, error.detail) from None

        return await self._shared.ask(("dns", name, record), self._fresh_s, call, _characters, Unanswered)

    async def get(self, url: str) -> Answer:
        async def call() -> Answer:
            self._spend()
            async with self._shared.gate(f"page:{_site(url)}", PAGES_AT_ONCE):
                fetched = await self._session.get(url, want="text")
            found = fetched.facts
            if found.error:
                raise Unanswered(found.error, found.detail)
            shown = self._session.connectors.certificate(facts.host_of(found.final_url))
            return Answer(
                found.status, found.final_url, found.headers, fetched.body, fetched.charset, found.claimed_ip,
                _certificate(shown) if shown else None,
            )  # fmt: skip

        return await self._shared.ask(("get", url), self._fresh_s, call, lambda one: len(one.body) + 2000, Unanswered)

    async def get_json(self, url: str) -> Any:
        return await self._shared.ask(
            ("json", url), self._fresh_s, lambda: self._json(url), lambda one: len(json.dumps(one)), Unanswered
        )

    async def _json(self, url: str) -> Any:
        accept = "application/rdap+json, application/json;q=0.8"
        for attempt in (1, 2):
            self._spend()
            async with self._shared.gate(f"registry:{facts.host_of(url)}", LOOKUPS_AT_ONCE):
                found, data = await session_json(self._registries, url, accept)
            if data is not None:
                return data
            busy = found.status in (429, 503) and not found.error
            if not busy or attempt == 2:
                raise Unanswered(found.error or "status", found.detail or str(found.status))
            wait = found.headers.get("retry-after", "1")
            await asyncio.sleep(min(float(wait) if wait.isascii() and wait.isdigit() else 1.0, PATIENCE_S))
        raise Unanswered("internal")

    async def tcp(self, host: str, port: int, payload: bytes, limit: int) -> bytes:
        async def call() -> bytes:
            self._spend()
            try:
                async with self._shared.gate(f"registry:{host}", LOOKUPS_AT_ONCE):
                    return await self._guard.exchange(host, port, payload, limit=limit, total_s=10.0)
            except NetError as error:
                raise Unanswered(error.kind, error.detail) from None

        return await self._shared.ask(("tcp", host, port, payload, limit), self._fresh_s, call, len, Unanswered)


def _characters(values: list[str]) -> int:
    return sum(map(len, values))


def _site(url: str) -> str:
    host = facts.host_of(url)
    return facts.registered(host) or host


def _certificate(shown: dict[str, Any]) -> Certificate:
    """From what ``ssl.SSLSocket.getpeercert`` gives."""
    subject = [pair for part in shown.get("subject", ()) for pair in part]
    organisation = next((str(value) for name, value in subject if name == "organizationName"), "")
    names = [str(value).lower() for kind, value in shown.get("subjectAltName", ()) if kind == "DNS"]
    return Certificate(organisation[:200], tuple(names[:100]))
