"""How each source beyond the crawl stands: configured, on, its terms recorded, what it answers, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from efface.search.sources.contract import Contract, Setup, missing

Level = Literal["ok", "note", "warning"]
Reach = Callable[[str], str]
"""What came of asking an address, without any name or key: "" where something answered, else a short word."""
HOW = "`efface source set {name} --help` says how"


@dataclass(frozen=True, slots=True)
class Standing:
    """A source of one organisation; ``on`` None where nothing was ever configured."""

    name: str
    setup: Setup
    on: bool | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    level: Level
    words: str


def line(contract: Contract, standing: Standing, reach: Reach) -> Line:
    """One source in words: what is there, what is missing, what to do. Nothing is asked of one that is off."""
    how = HOW.format(name=contract.name)
    if standing.on is None:
        return Line("note", f"not set up, nothing is asked there; {how}")
    terms = "terms recorded" if standing.setup.terms else "no terms recorded"
    lacking = [need for need in missing(contract, standing.setup) if need != "tor_proxy"]
    if lacking:
        level: Level = "warning" if standing.on else "note"
        return Line(level, f"{'on' if standing.on else 'off'}, {terms}; it needs {', '.join(lacking)}: {how}")
    if standing.refusal:
        return Line("note", f"configured, {terms}; not used: {standing.refusal}")
    if not standing.on:
        return Line("note", f"configured, {terms}, off; {how}")
    if "endpoint" not in contract.needs:
        return Line("ok", f"on, {terms}")
    if urlsplit(standing.setup.endpoint).scheme != "https":
        return Line("warning", f"on, {terms}; its endpoint must begin with https://: {how}")
    word = reach(origin(standing.setup.endpoint))
    host = urlsplit(standing.setup.endpoint).hostname
    if word:
        return Line("warning", f"on, {terms}; {host} is not reached ({word}): see that it runs and that this machine "
                    "may reach it, or switch it off")  # fmt: skip
    return Line("ok", f"on, {terms}, {host} answers")


def origin(endpoint: str) -> str:
    """The front page of a service: what is asked there says nothing and costs nothing."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}/"


def all_of(standings: Iterable[tuple[str, Contract, Standing]], reach: Reach) -> Iterator[tuple[str, Line]]:
    """Of each organisation (its short name, "" where there is but one). One address is asked once."""
    asked: dict[str, str] = {}

    def once(address: str) -> str:
        if address not in asked:
            asked[address] = reach(address)
        return asked[address]

    for whose, contract, standing in standings:
        yield f"{contract.name} ({whose})" if whose else contract.name, line(contract, standing, once)
