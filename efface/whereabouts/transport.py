"""The only way out of this room: what a look-up may ask of the network, and the egress guard behind it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Protocol

from efface.net.fetch import Session, get_json
from efface.net.guard import Guard, NetError
from efface.net.protocol import Limits

MOST_REQUESTS = 80
PAGE_BYTES = 400_000
PATIENCE_S = 3.0
"""Longest wait for a server that says it is busy (RFC 9110 Retry-After)."""


class Unanswered(Exception):
    """A question got no usable answer. ``kind`` is the protocol's word, or "status" with the number in ``detail``."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind} {detail}".strip())
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Answer:
    """One web page. ``headers`` are lower-case; ``body`` at most ``PAGE_BYTES``; ``final_url`` after redirects."""

    status: int
    final_url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    charset: str = ""
    claimed_ip: str = ""


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
    """A transport over the egress guard, for one look-up: a fixed number of requests, pages in one session."""

    def __init__(self, guard: Guard, limits: Limits) -> None:
        self._guard = guard
        self._limits = replace(limits, page_bytes=min(limits.page_bytes, PAGE_BYTES), total_s=min(limits.total_s, 20.0))
        self._session = Session(guard, self._limits)
        self._left = MOST_REQUESTS

    async def __aenter__(self) -> GuardTransport:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.__aexit__(kind, error, trace)

    def _spend(self) -> None:
        if self._left <= 0:
            raise Unanswered("internal", "too many questions for one look-up")
        self._left -= 1

    async def dns(self, name: str, record: str) -> list[str]:
        self._spend()
        try:
            return await self._guard.query(name, record)
        except NetError as error:
            if error.kind == "nxdomain":
                return []
            raise Unanswered(error.kind, error.detail) from None

    async def get(self, url: str) -> Answer:
        self._spend()
        fetched = await self._session.get(url, want="text")
        facts = fetched.facts
        if facts.error:
            raise Unanswered(facts.error, facts.detail)
        return Answer(facts.status, facts.final_url, facts.headers, fetched.body, fetched.charset, facts.claimed_ip)

    async def get_json(self, url: str) -> Any:
        accept = "application/rdap+json, application/json;q=0.8"
        for attempt in (1, 2):
            self._spend()
            facts, data = await get_json(self._guard, url, accept=accept, total_s=self._limits.total_s)
            if data is not None:
                return data
            busy = facts.status in (429, 503) and not facts.error
            if not busy or attempt == 2:
                raise Unanswered(facts.error or "status", facts.detail or str(facts.status))
            wait = facts.headers.get("retry-after", "1")
            await asyncio.sleep(min(float(wait) if wait.isascii() and wait.isdigit() else 1.0, PATIENCE_S))
        raise Unanswered("internal")

    async def tcp(self, host: str, port: int, payload: bytes, limit: int) -> bytes:
        self._spend()
        try:
            return await self._guard.exchange(host, port, payload, limit=limit, total_s=10.0)
        except NetError as error:
            raise Unanswered(error.kind, error.detail) from None
