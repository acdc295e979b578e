"""An invented search engine: lists planted pages, takes removal reports by form, delists some days later."""

from __future__ import annotations

import hashlib
from html import escape
from urllib.parse import parse_qs

from testbed import happen
from testbed.happen import Desk
from testbed.notice import Notice
from testbed.state import State
from testbed.web import Answer


class Search:
    def __init__(self, state: State) -> None:
        self.state = state
        self.domain = state.world.search_domain

    def _listed(self, words: list[str]) -> list[tuple[str, str]]:
        """(url, title) of pages whose title holds every word; the index forgets nothing by itself."""
        found = []
        for url in self.state.item_of:
            asset = self.state.assets[url]
            if asset.role == "page" and url not in self.state.delisted:
                title = asset.gallery.title
                if all(word in title.lower() or word in url for word in words):
                    found.append((url, title))
        return sorted(found)

    def answer(self, path: str, query: str) -> Answer:
        if path == "/search":
            words = parse_qs(query).get("q", [""])[0].lower().split()
            rows = "".join(
                f"<li><a href='{escape(url)}'>{escape(title)}</a></li>" for url, title in self._listed(words)
            )
            return Answer(200, f"<!doctype html><title>Quaestio</title><ol class='results'>{rows}</ol>".encode())
        if path == "/report":
            return Answer(
                200,
                (
                    b"<!doctype html><title>Remove results</title><h1>Request removal of results</h1>"
                    b"<form method='post' action='/report'><label>URLs, one a line <textarea name='urls'>"
                    b"</textarea></label><label>Reason <select name='reason'><option value='explicit'>Explicit "
                    b"personal images</option><option value='outdated'>Outdated content</option></select></label>"
                    b"<button>Send</button></form>"
                ),
            )
        if path == "/":
            return Answer(200, b"<!doctype html><title>Quaestio</title><form action='/search'><input name='q'></form>")
        return Answer(404, b"<!doctype html><title>404</title>")

    def report(self, urls: list[str]) -> Answer:
        """Take a removal report; the answer names a reference number."""
        reference = "Q-" + hashlib.sha256("|".join(sorted(urls)).encode()).hexdigest()[:10].upper()
        desk = Desk(f"form:{self.domain}", "search", "search", "delists", "Quaestio")
        moves = happen.receive(self.state, desk, Notice(reference, "", "", [desk.address], "form", urls))
        kept = bool(moves)
        text = f"Reference number: <strong>{reference}</strong>" if kept else "No URL was recognised."
        return Answer(200 if kept else 400, f"<!doctype html><title>Report</title><p>{text}</p>".encode())
