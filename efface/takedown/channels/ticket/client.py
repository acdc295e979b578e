"""One request to a desk that the operator configured, and exactly how far it came. No redirect is followed."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote, urlsplit

from efface.engine.base import training
from efface.takedown.channels.ticket import wire
from efface.takedown.channels.ticket.endpoints import Endpoint

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """``outcome``: "taken" with its ``ticket``; "later": tried again, with the same key; "refused": for good."""

    outcome: Literal["taken", "later", "refused"]
    ticket: wire.Ticket | None = None
    code: int = 0
    text: str = ""


def submit(desk: Endpoint, data: bytes, once: str, now: datetime) -> Answer:
    """Make a ticket. ``once`` names it for ever: a desk that has it already answers with the same ticket, so a request
    whose answer got lost is simply made again."""
    return _ask(desk, "POST", "", data, now, {"Idempotency-Key": once})


def state(desk: Endpoint, ticket: str, now: datetime) -> Answer:
    return _ask(desk, "GET", f"/{quote(ticket, safe='')}", b"", now, {})


def _ask(desk: Endpoint, method: str, tail: str, data: bytes, now: datetime, more: dict[str, str]) -> Answer:
    if training.here():
        return Answer("later", text=training.STAYS)
    parts = urlsplit(desk.url + tail)
    headers = {
        "Accept": "application/json", "User-Agent": "Efface", "X-Efface-Key": desk.key, **more,
        **wire.sign(desk.secret, method, parts.path or "/", now, data),
    }  # fmt: skip
    if data:
        headers["Content-Type"] = "application/json"
    line = _line(parts.scheme, parts.hostname or "", parts.port)
    try:
        line.request(method, parts.path or "/", body=data or None, headers=headers)
        got = line.getresponse()
        code, given = got.status, got.read(wire.LONGEST_ANSWER + 1)
    except (OSError, http.client.HTTPException) as error:
        return Answer("later", text=f"the desk could not be reached: {type(error).__name__}")
    finally:
        line.close()
    return _read(code, given)


def _line(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)


def _read(code: int, given: bytes) -> Answer:
    """2xx with a ticket is taken. What may pass is tried again; what they will say again is refused."""
    if 200 <= code < 300:
        try:
            return Answer("taken", wire.read(given), code)
        except wire.AnswerUnusable as error:
            return Answer("later", code=code, text=str(error))
    if code in (408, 409, 425, 429) or code >= 500 or code < 200:
        return Answer("later", code=code, text=f"the desk answered {code}")
    return Answer("refused", code=code, text=f"the desk answered {code}")
