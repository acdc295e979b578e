"""Sites without an end, each with one gallery that has to be found all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from urllib.parse import parse_qs, urlsplit

from bench.crawl.stage import Answer, Asked, page

WORDS = "<p>" + "Some words that stand on this page and on no other one. " * 6 + "</p>"
GALLERY = "/gallery/one"


@dataclass
class Trap:
    """``links`` gives the addresses on a page."""

    name: str
    host: str
    links: Callable[[str], list[str]]
    title: Callable[[str], str] = lambda path: f"Page {path}"
    seen: set[str] = field(default_factory=set)

    def answer(self, asked: Asked) -> Answer:
        self.seen.add(asked.path)
        if asked.path == "/robots.txt":
            return page(b"", 404)
        front = f"<a href='{GALLERY}'>The gallery</a>" if asked.path == "/" else ""
        links = "".join(f"<a href='{link}'>on</a> " for link in self.links(asked.path))
        return page(f"<title>{self.title(asked.path)}</title>{front}{links}{WORDS}")

    def reached(self) -> bool:
        return any(path.split("?")[0] == GALLERY for path in self.seen)


def _calendar(path: str) -> list[str]:
    given = parse_qs(urlsplit(path).query)
    month = int(given.get("month", ["0"])[0])
    days = [f"/calendar?month={month}&day={day}" for day in range(28)]
    return [f"/calendar?month={month + step}" for step in (-1, 1)] + days


def _faceted(path: str) -> list[str]:
    """Every filter can be switched on and off, in any order: very wide, never deep."""
    rng = Random(path)
    names = ["colour", "size", "sort", "view", "brand", "price"]
    return [f"/shop?{name}={value}&{rng.choice(names)}={rng.randrange(20)}" for name in names for value in range(20)]


def _session(path: str) -> list[str]:
    rng = Random(path)
    return [f"/list?zz={rng.getrandbits(64):016x}", f"/list/{rng.randrange(3)}?zz={rng.getrandbits(64):016x}"]


def _known_session(path: str) -> list[str]:
    rng = Random(path)
    return [f"/list/{number}?PHPSESSID={rng.getrandbits(64):016x}" for number in range(3)]


def _wide(path: str) -> list[str]:
    rng = Random(path)
    return [f"/item-{rng.getrandbits(40):x}" for _ in range(120)]


def _numbers(path: str) -> list[str]:
    digits = path.rpartition("/")[2]
    return [f"/n/{int(digits) + 1 if digits.isdigit() else 1}"]


TRAPS = [
    Trap("endless calendar", "calendar-trap.org", _calendar),
    Trap("relative links", "relative-trap.org", lambda path: ["a/b/"]),
    Trap("faceted shop", "facets-trap.org", _faceted),
    Trap("session ids of an unknown name", "sessions-trap.org", _session, lambda path: path.split("?")[0]),
    Trap("session ids of a known name", "known-trap.org", _known_session),
    Trap("shallow and wide", "wide-trap.org", _wide),
    Trap("numbers for ever", "numbers-trap.org", _numbers),
]
