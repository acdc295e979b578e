"""A small browser for the scripted people: it has cookies, follows redirects, finds forms and sends them.

It sees what the page shows and nothing else.
"""

from __future__ import annotations

import http.client
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode


class PageFailed(RuntimeError):
    """A page answered with an error."""


@dataclass
class Form:
    """A form as it stands on the page. ``fields`` holds what is filled in already."""

    node: LexborNode
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.node.attributes.get("data-kind") or ""

    @property
    def id(self) -> str:
        return self.node.attributes.get("data-id") or ""

    def classes(self) -> set[str]:
        return set((self.node.attributes.get("class") or "").split())

    def fact(self, name: str) -> str:
        """The text of the element that shows this fact, "" where there is none."""
        found = self.node.css_first(f'[data-fact="{name}"]')
        return found.text(strip=True) if found else ""

    def choices(self) -> list[str]:
        return [button.attributes.get("value") or "" for button in self.node.css('button[name="choice"]')]


@dataclass
class Page:
    url: str
    status: int
    tree: LexborHTMLParser

    def forms(self, css: str = "form") -> Iterator[Form]:
        for node in self.tree.css(css):
            fields = {}
            for control in node.css("input, textarea, select"):
                name = control.attributes.get("name")
                kind = (control.attributes.get("type") or "").lower()
                if not name or kind in ("submit", "button", "file", "image"):
                    continue
                if kind in ("checkbox", "radio"):
                    if "checked" in control.attributes:
                        fields[name] = control.attributes.get("value") or "on"
                elif control.tag == "textarea":
                    fields[name] = control.text()
                elif control.tag == "select":
                    chosen = control.css_first("option[selected]") or control.css_first("option")
                    fields[name] = (chosen.attributes.get("value") or "") if chosen else ""
                else:
                    fields[name] = control.attributes.get("value") or ""
            action = urljoin(self.url, node.attributes.get("action") or self.url)
            yield Form(node, action, (node.attributes.get("method") or "get").upper(), fields)

    def form(self, css: str) -> Form:
        for form in self.forms(css):
            return form
        raise PageFailed(f"{urlsplit(self.url).path} has no form {css}")

    def links(self, css: str = "a[href]") -> list[str]:
        return [
            urljoin(self.url, node.attributes["href"] or "") for node in self.tree.css(css) if "href" in node.attributes
        ]

    def text(self) -> str:
        body = self.tree.body
        return " ".join(body.text(separator=" ").split()) if body else ""


Upload = tuple[str, str, bytes]
"""Field name, file name, bytes."""


class Browser:
    """One person's browser, at one origin."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.cookies: dict[str, str] = {}
        self.requests = 0
        self.seconds = 0.0
        parts = urlsplit(origin)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def get(self, url: str) -> Page:
        return self._follow("GET", urljoin(self.origin, url), b"", "")

    def submit(self, form: Form, files: Sequence[Upload] = (), *, stay: bool = False, **changes: str) -> Page:
        """Send a form. ``stay``: the page it leads to is not opened (the person goes on with the one she has)."""
        fields = form.fields | changes
        if form.method == "GET":
            return self.get(form.action.split("?")[0] + "?" + urlencode(fields))
        if files:
            body, kind = _multipart(fields, files)
        else:
            body, kind = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        return self._follow("POST", form.action, body, kind, stay)

    def _follow(self, method: str, url: str, body: bytes, kind: str, stay: bool = False) -> Page:
        for _ in range(8):
            status, headers, content = self._request(method, url, body, kind)
            if status in (301, 302, 303, 307) and "location" in headers and not stay:
                url, method, body = urljoin(url, headers["location"]), "GET", b""
                continue
            page = Page(url, status, LexborHTMLParser(content.decode(errors="replace")))
            if status >= 500 or status in (400, 403):
                raise PageFailed(f"{method} {urlsplit(url).path} answered {status}: {page.text()[:300]}")
            return page
        raise PageFailed("too many redirects")

    def _request(self, method: str, url: str, body: bytes, kind: str) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in self.cookies.items()), "Origin": self.origin}
        if body or method == "POST":
            headers["Content-Type"] = kind
        began = time.perf_counter()
        for attempt in (1, 2):
            try:
                self.connection.request(method, path, body or None, headers)
                answer = self.connection.getresponse()
                content = answer.read()
                break
            except (http.client.HTTPException, ConnectionError, OSError):
                self.connection.close()
                if attempt == 2 or method == "POST":
                    raise
        self.requests += 1
        self.seconds += time.perf_counter() - began
        for value in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(value).items():
                if morsel.value and morsel["max-age"] != "0":
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return answer.status, {key.lower(): value for key, value in answer.headers.items()}, content


def _multipart(fields: dict[str, str], files: Sequence[Upload]) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    parts: list[bytes] = []
    for name, value in fields.items():
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for name, file_name, data in files:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{file_name}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n")
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"
