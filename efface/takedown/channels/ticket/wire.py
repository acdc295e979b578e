"""What goes over the line: the body of a ticket, its signature, and what a desk's answer means. Pure; docs/tickets.md.

The desk's answers are a stranger's: bounded, typed, and never believed about whether something is gone."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from efface.engine.base.text import one_line
from efface.takedown.channels.contract import Task
from efface.takedown.channels.email import guard

VERSION = 1
LONGEST_ANSWER = 65_536
LONGEST_WORDS = 500
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,79}")
State = Literal["open", "done", "refused", "needs"]
STATES: dict[str, State] = {
    "open": "open", "new": "open", "pending": "open", "in_progress": "open", "done": "done", "closed": "done",
    "resolved": "done", "refused": "refused", "rejected": "refused", "needs": "needs", "needs_information": "needs",
}  # fmt: skip


class AnswerUnusable(ValueError):
    """The desk answered with something the agreement does not know. The message says what."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """``id`` is the desk's; ``words`` what it says, one line; ``state`` "open" where it names none we know."""

    id: str
    state: State
    words: str = ""


def body(task: Task) -> bytes:
    """JSON, ASCII, keys sorted: the same task gives the same bytes. Raises ``guard.ImageryRefused``."""
    made = {
        "version": VERSION, "reference": task.reference, "notice_type": task.notice_type, "language": task.language,
        "subject": task.subject, "text": task.text, "urls": list(task.urls), "reply_to": task.reply_to,
        "organisation": {"name": task.organisation, "signatory": task.signatory},
        "report": task.more.get("xarf") or None,
    }  # fmt: skip
    data = json.dumps(made, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")
    guard.check_json(data)
    return data


def sign(secret: bytes, method: str, path: str, moment: datetime, data: bytes) -> dict[str, str]:
    """The headers that prove who sends it: HMAC-SHA256 over method, path, time and the body's digest, a line each.
    A desk refuses a time more than five minutes off."""
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha256(data).hexdigest()
    signed = "\n".join((method, path, stamp, digest)).encode()
    return {"X-Efface-Time": stamp, "X-Efface-Signature": hmac.new(secret, signed, hashlib.sha256).hexdigest()}


def read(data: bytes) -> Ticket:
    """A desk's answer. Raises ``AnswerUnusable``."""
    if len(data) > LONGEST_ANSWER:
        raise AnswerUnusable("the answer is too long")
    try:
        given: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise AnswerUnusable("the answer is no JSON") from None
    if not isinstance(given, dict):
        raise AnswerUnusable("the answer is no object")
    id = given.get("id")
    id = str(id) if isinstance(id, int) and not isinstance(id, bool) else id
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise AnswerUnusable("the answer names no ticket")
    state = STATES.get(str(given.get("state", "")).lower(), "open")
    words = given.get("message")
    return Ticket(id, state, one_line(words)[:LONGEST_WORDS] if isinstance(words, str) else "")
