"""A person's own browser on the world's web, for forms that a person files."""

from __future__ import annotations

import http.client
import re
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import dns.resolver
from selectolax.lexbor import LexborHTMLParser

REFERENCE = re.compile(r"\b[A-Z]{1,4}-?[0-9A-Z]{2,}(?:-[0-9A-Z]+)*\b")


class OutsideBrowser:
    """``world`` is the guard's view of the world; ``search_form`` is where this world's one search engine has the form
    that a person finds when she looks for it."""

    def __init__(self, world: dict[str, Any], search_form: str = "") -> None:
        self.search_form = search_form
        self.dial: dict[str, str] = world["dial"]
        self.port: int = world["ports"]["80"]
        self.resolver = dns.resolver.Resolver(configure=False)
        host, port = world["dns"]
        self.resolver.nameservers, self.resolver.port, self.resolver.lifetime = [host], port, 5.0

    def _request(self, method: str, url: str, body: str = "") -> tuple[int, str]:
        parts = urlsplit(url)
        address = self.resolver.resolve(parts.hostname or "", "A")[0].to_text()
        connection = http.client.HTTPConnection(self.dial[address], self.port, timeout=20)
        headers = {"Host": parts.hostname or ""}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        content = answer.read(1_000_000).decode(errors="replace")
        connection.close()
        return answer.status, content

    def file_form(self, url: str, answers: dict[str, str], role: str = "") -> str:
        """Open a form, fill in what is prepared, send it. Returns the reference shown, "" where it did not work."""
        if role == "search" and self.search_form:
            url = self.search_form
        try:
            status, content = self._request("GET", url)
        except (OSError, KeyError, dns.exception.DNSException):
            return ""
        form = LexborHTMLParser(content).css_first("form")
        if status != 200 or form is None:
            return ""
        filled: dict[str, str] = {}
        for control in form.css("input, textarea, select"):
            name = control.attributes.get("name") or ""
            if not name:
                continue
            kind = (control.attributes.get("type") or "").lower()
            given = answers.get(name, "")
            if kind == "checkbox":
                if given or "required" in control.attributes:
                    filled[name] = control.attributes.get("value") or "on"
            else:
                filled[name] = given or control.attributes.get("value") or ""
        status, shown = self._request("POST", urljoin(url, form.attributes.get("action") or url), urlencode(filled))
        found = LexborHTMLParser(shown).css_first("[data-reference], .reference")
        if status >= 400:
            return ""
        if found is not None:
            return found.attributes.get("data-reference") or found.text(strip=True)
        match = REFERENCE.search(LexborHTMLParser(shown).text() or "")
        return match.group() if match else ""
