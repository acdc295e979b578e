"""Errors as the API tells them: RFC 9457 problem details, each with what to do next. Nothing of a request is repeated
in one."""

from __future__ import annotations

import json
import math
from typing import Any

from django.http import HttpResponse

TYPE = "application/problem+json"


class Problem(Exception):
    """Raised by an operation; ``slug`` names the kind, ``do`` says what the client can do. ``keep``: what was written
    before it stands all the same."""

    def __init__(self, status: int, slug: str, title: str, do: str, *, keep: bool = False, **more: Any) -> None:
        super().__init__(title)
        self.status, self.slug, self.title, self.do, self.keep, self.more = status, slug, title, do, keep, more

    def answer(self) -> HttpResponse:
        return respond(self.status, self.slug, self.title, self.do, **self.more)


def respond(status: int, slug: str, title: str, do: str, **more: Any) -> HttpResponse:
    body = {"type": f"urn:efface:problem:{slug}", "title": title, "status": status, "detail": do, **more}
    answer = HttpResponse(json.dumps(body, default=str), status=status, content_type=TYPE)
    answer["Cache-Control"] = "no-store"
    return answer


def unauthorised() -> HttpResponse:
    answer = respond(
        401, "key", "No key that stands came with this request",
        "Send Authorization: Bearer and your key. If it expired or was revoked, ask the organisation for a new one.",
    )  # fmt: skip
    answer["WWW-Authenticate"] = 'Bearer realm="efface"'
    return answer


def too_many(seconds: float) -> HttpResponse:
    wait = max(1, math.ceil(seconds))
    answer = respond(
        429, "too-many", "Too many requests", f"Please ask again in {wait} seconds. Nothing was done.", retry_after=wait
    )
    answer["Retry-After"] = str(wait)
    return answer


def scope(wanted: str) -> Problem:
    return Problem(
        403, "scope", "This key may not do that", f"Ask the organisation for a key with the scope {wanted}.",
        scope=wanted,
    )  # fmt: skip


def unknown(what: str = "case") -> Problem:
    return Problem(
        404, "not-found", f"There is no such {what} among yours", "Check the id. Only your own are seen here."
    )
