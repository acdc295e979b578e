"""Whether a form of a member was taken; and whether words would be lost where it was not.

A view says no in one of three ways: with an error, by sending back with a warning, or by showing the form again with
what was filled in. Only the last loses nothing by itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import HttpResponse
from django.utils.html import escape

from efface.accounts import unsent

LINES = 20
"""So many lines of what was typed are looked for on the page that answers."""


def warnings(request: Any) -> int:
    """How many warnings and errors wait to be shown. They wait on."""
    held = messages.get_messages(request)
    if isinstance(held, list):
        return 0
    shown = held.used
    count = sum(one.level >= messages.WARNING for one in held)
    held.used = shown
    return count


def fields(request: Any) -> dict[str, list[str]]:
    """Everything that was typed, by name; empty where it cannot be read at all."""
    try:
        return {name: request.POST.getlist(name) for name in request.POST}
    except (SuspiciousOperation, OSError):
        return {}


def would_lose(request: Any, answer: HttpResponse | None) -> bool:
    """Whether somebody wrote something at length that the answer does not show. None: there is no answer."""
    words = unsent.long_words(fields(request))
    if answer is None or answer.streaming:
        return bool(words)
    page = answer.content.decode("utf-8", "replace")
    lines = [line for one in words for line in one.splitlines()[:LINES] if line.strip()]
    return any(escape(line.strip()) not in page for line in lines)
