"""Walks the doors of members as a person does: from page to page, and every form on them filled in and sent."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import Resolver404, resolve
from selectolax.lexbor import LexborHTMLParser

DOORS = ("/console/", "/police/")
#: Signing out ends the walk; signing in needs none; the language is no work.
NOT_WALKED = {"account_logout", "account_login", "mfa_authenticate", "set_language"}
EACH = 2
"""Pages of one kind that are looked at; forms of one kind on all of them are sent once."""
WORDS = "Some words of mine,\nand a second line of them."
TYPED = {
    "email": "somebody@desk.example", "url": "https://typed.example/a/1", "date": "2026-03-05", "number": "3",
    "datetime-local": "2026-03-05T10:00", "time": "10:00", "month": "2026-03", "tel": "+4930123456",
}  # fmt: skip


@dataclass
class Form:
    """One form of a page, as it would be sent. ``texts``: names of what is typed; ``press``: buttons with a value."""

    page: str
    action: str
    fields: dict[str, list[str]]
    texts: list[str]
    long: list[str]
    files: list[str]
    press: list[tuple[str, str]]
    choices: dict[str, list[str]] = field(default_factory=dict)

    @property
    def view(self) -> str:
        return view_of(self.action)

    def sent(self, press: tuple[str, str] | None = None, **other: Any) -> dict[str, Any]:
        data: dict[str, Any] = {name: list(values) for name, values in self.fields.items()}
        for name in self.files:
            data[name] = SimpleUploadedFile("a.txt", b"domain\ntyped.example\n", "text/plain")
        if press:
            data[press[0]] = press[1]
        return data | other


def view_of(path: str) -> str:
    try:
        return resolve(path.split("?")[0].split("#")[0]).view_name
    except Resolver404:
        return ""


def _typed(node: Any) -> str:
    kind, name = node.attributes.get("type") or "text", node.attributes.get("name") or ""
    given = node.attributes.get("value") or ""
    if given:
        return given
    if kind in TYPED:
        return str(node.attributes.get("min") or TYPED[kind])
    if re.search("url|page|address|link|hook", name):
        return "https://typed.example/a/1"
    return "12" if node.attributes.get("inputmode") == "numeric" else "Some words"


def forms(page: str, html: str) -> Iterator[Form]:
    for node in LexborHTMLParser(html).css("form"):
        if (node.attributes.get("method") or "get").lower() != "post":
            continue
        one = Form(page, node.attributes.get("action") or page, {}, [], [], [], [])
        for part in node.css("input, textarea, select, button"):
            _take(one, part)
        # Boxes and rings of which none is chosen: the first that there is.
        for name, values in one.choices.items():
            one.fields.setdefault(name, values[:1])
        yield one


def _take(one: Form, part: Any) -> None:
    name, kind = part.attributes.get("name"), part.attributes.get("type") or "text"
    if not name or "disabled" in part.attributes:
        return
    value = part.attributes.get("value") or ""
    if part.tag == "button":
        one.press.append((name, value))
    elif part.tag == "textarea":
        one.fields[name] = [part.text() or WORDS]
        one.texts.append(name)
        one.long.append(name)
    elif part.tag == "select":
        options = [each.attributes.get("value") or "" for each in part.css("option")]
        chosen = [each.attributes.get("value") or "" for each in part.css("option[selected]")]
        one.choices[name] = [each for each in options if each] or options
        if chosen and chosen[0]:
            one.fields[name] = chosen
    elif kind in ("radio", "checkbox"):
        one.choices.setdefault(name, []).append(value or "on")
        if "checked" in part.attributes:
            one.fields.setdefault(name, []).append(value or "on")
    elif kind == "file":
        one.files.append(name)
    elif kind == "hidden":
        one.fields.setdefault(name, []).append(value)
    elif kind not in ("submit", "button", "reset"):
        one.fields[name] = [_typed(part)]
        one.texts.append(name)


def walk(client: Client, starts: list[str]) -> dict[tuple[str, ...], Form]:
    """Every form reached from ``starts`` by links, one of each kind: by its view, its fields, its buttons."""
    found: dict[tuple[str, ...], Form] = {}
    waiting, seen, looked = deque(starts), set(starts), dict[str, int]()
    while waiting:
        page = waiting.popleft()
        view = view_of(page)
        if not view or view in NOT_WALKED or looked.get(view, 0) >= EACH:
            continue
        answer = client.get(page)
        if answer.status_code == 302 and answer.headers["Location"].startswith(DOORS):
            waiting.append(answer.headers["Location"])
        if answer.status_code != 200 or "text/html" not in answer.headers.get("Content-Type", ""):
            continue
        looked[view] = looked.get(view, 0) + 1
        html = answer.content.decode()
        for one in forms(page, html):
            if one.view not in NOT_WALKED:
                kind = (one.view, *sorted(one.fields), *sorted(f"{name}={value}" for name, value in one.press
                                                             if "-" not in value))  # fmt: skip
                found.setdefault(kind, one)
        for link in LexborHTMLParser(html).css("a[href]"):
            href = (link.attributes.get("href") or "").split("#")[0]
            if href.startswith(DOORS) and href not in seen:
                seen.add(href)
                waiting.append(href)
    return found


def pressed(one: Form) -> list[tuple[str, str] | None]:
    return list(dict.fromkeys(one.press)) or [None]


Sent = Mapping[str, Any]
