"""A transport that answers from dictionaries, for tests of reading; the real one is tested against the testbed."""

from dataclasses import dataclass, field
from typing import Any

from efface.whereabouts.transport import Answer, Unanswered


@dataclass
class Fake:
    """``records``: (name, type) -> values; ``pages``: URL -> HTML or Answer; ``documents``: URL -> JSON; ``wires``:
    host -> bytes. What is not there is NXDOMAIN, 404 or unanswered. ``asked`` lists every question."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    pages: dict[str, str | Answer] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    wires: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def dns(self, name: str, record: str) -> list[str]:
        self.asked.append(f"dns {name} {record}")
        value = self.records.get((name, record), [])
        if value == ["fail"]:
            raise Unanswered("servfail")
        return value

    async def get(self, url: str) -> Answer:
        self.asked.append(f"get {url}")
        page = self.pages.get(url)
        if page is None:
            return Answer(404, url, {"content-type": "text/html"}, b"<title>Not found</title>")
        if isinstance(page, Answer):
            return page
        return Answer(200, url, {"content-type": "text/html; charset=utf-8"}, page.encode())

    async def get_json(self, url: str) -> Any:
        self.asked.append(f"json {url}")
        if url not in self.documents:
            raise Unanswered("status", "404")
        return self.documents[url]

    async def tcp(self, host: str, port: int, payload: bytes, limit: int) -> bytes:
        self.asked.append(f"tcp {host}:{port} {payload.decode().strip()}")
        if host not in self.wires:
            raise Unanswered("timeout")
        return self.wires[host][:limit]
