"""Guides: good practice on a page that prints well. Some of their parts are the help of the console itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from efface.accounts.access import MEMBERS, view
from efface.console import helping

FILE = Path(__file__).with_name("guides.yaml")


@dataclass(frozen=True, slots=True)
class Part:
    head: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """In one language. ``text`` is all of it, for finding."""

    code: str
    title: str
    parts: tuple[Part, ...]
    text: str


@cache
def _read() -> dict[str, Any]:
    given: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return given


def guides() -> list[Guide]:
    """All of them, in the language of the page, in the order of the file."""
    return [_made(code, one) for code, one in _read().items()]


def find(code: str) -> Guide | None:
    one = _read().get(code)
    return _made(code, one) if one is not None else None


def _made(code: str, one: Mapping[str, Any]) -> Guide:
    title, parts = _said(one["title"]), tuple(part for given in one["parts"] for part in _parts(given))
    words = [title, one.get("words", ""), *(line for part in parts for line in (part.head, *part.lines))]
    return Guide(code, title, parts, " ".join(words))


def _parts(given: Mapping[str, Any]) -> list[Part]:
    """A part of its own, or topics of the help, which are said once and stand in both places."""
    if "topics" not in given:
        return [Part(_said(given["head"]), tuple(_said(line) for line in given["lines"]))]
    topics = {topic.key: topic for topic in helping.TOPICS}
    shown = [topics[key] for key in given["topics"]]
    return [Part(str(topic.title), tuple(str(line) for line in topic.lines)) for topic in shown]


def _said(words: Mapping[str, str]) -> str:
    return words.get((get_language() or "en").partition("-")[0], words["en"])


@view(access=MEMBERS)
@require_GET
def index(request: Any) -> HttpResponse:
    return render(request, "console/guides.html", {"guides": guides()})


@view(access=MEMBERS)
@require_GET
def printed(request: Any) -> HttpResponse:
    """All guides one after another, each from a new sheet."""
    return render(request, "console/guides_all.html", {"guides": guides()})
