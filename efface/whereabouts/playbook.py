"""Desks whose way in is known: the data files of ``data/playbook``, typed, with what each desk is known to do.

A contact from here has the source "playbook", or "playbook:<notice type>" where the desk has a notice type of its own.
Addresses age: every entry carries the day it was looked at, its sources and how sure we are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml

from efface.net.protocol import ProtocolError, from_wire
from efface.whereabouts.model import Channel, Contact, Party, PartyRole

HOME = Path(__file__).parent / "data" / "playbook"
SOURCES = "sources.yaml"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The compiled parser where there is one."""


class PlaybookError(ValueError):
    """An entry has not the shape of its type; the message names file, entry and field."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A way in. ``categories`` are the words under which the desk files such a report; ``notice`` is a notice type."""

    channel: Channel
    value: str
    confidence: float
    notice: str = ""
    categories: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """One company in one role. It is known by ``asn``, registrar ``ids`` (IANA), top-level ``suffixes``, ``hosts``
    (of scripts and links on a page, or of the platform) and ``domains`` (its own). ``paths`` are patterns of a
    platform's addresses (path and query) whose named groups are the ids a report needs."""

    key: str
    role: PartyRole
    name: str
    as_of: str
    sources: list[str]
    confidence: Literal["high", "medium", "low"]
    desks: list[Desk] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    asn: list[int] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    suffixes: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    requires: list[str] = field(default_factory=list)
    behaviour: str = ""
    caveats: list[str] = field(default_factory=list)
    forwards_to_operator: bool = False
    exposure: Literal["", "none", "recipient_only", "uploader_possible", "public_possible"] = ""

    def contacts(self) -> list[Contact]:
        """The desks as contacts, best first."""
        note = "; ".join(
            filter(None, ["forwards to the operator" if self.forwards_to_operator else "", self.behaviour])
        )
        made = [
            Contact(
                desk.channel, desk.value, f"playbook:{desk.notice}" if desk.notice else "playbook",
                confidence=desk.confidence, note=note[:400],
            )
            for desk in self.desks
        ]  # fmt: skip
        return sorted(made, key=lambda one: -one.confidence)

    def party(self, why: str, key: str = "") -> Party:
        return Party(
            self.role, key or f"{self.role}:{self.key}", self.name, next(iter(self.domains), ""),
            contacts=self.contacts(), reasons=[why],
        )  # fmt: skip


@dataclass(frozen=True)
class Playbook:
    entries: tuple[Entry, ...]

    @cached_property
    def _by_domain(self) -> dict[tuple[str, str], Entry]:
        found: dict[tuple[str, str], Entry] = {}
        for one in self.entries:
            for name in [*one.hosts, *one.domains]:
                found.setdefault((one.role, name), one)
        return found

    def of(self, role: PartyRole) -> list[Entry]:
        return [one for one in self.entries if one.role == role]

    def named(self, role: PartyRole, key: str) -> Entry | None:
        return next((one for one in self.entries if one.role == role and one.key == key), None)

    def number(self, role: PartyRole, asn: int) -> Entry | None:
        """The company of that role that announces an AS number."""
        return next((one for one in self.entries if one.role == role and asn and asn in one.asn), None)

    def registrar(self, number: str) -> Entry | None:
        return next((one for one in self.of("registrar") if number.isdigit() and int(number) in one.ids), None)

    def registry(self, suffix: str) -> Entry | None:
        return next((one for one in self.of("registry") if suffix in one.suffixes), None)

    def host(self, roles: Iterable[PartyRole], name: str) -> Entry | None:
        """The company of one of the roles whose host or domain ``name`` is, or lies under; the longest match."""
        labels = name.rstrip(".").lower().split(".")
        for start in range(len(labels) - 1):
            for role in roles:
                found = self._by_domain.get((role, ".".join(labels[start:])))
                if found is not None:
                    return found
        return None

    def place(self, url: str) -> tuple[Entry, dict[str, str]] | None:
        """The platform a URL belongs to, and the ids it names."""
        try:
            parts = urlsplit(url)
            name = (parts.hostname or "").rstrip(".").lower()
        except ValueError:
            return None
        entry = self.host(("platform",), name)
        if entry is None:
            return None
        where = (parts.path + (f"?{parts.query}" if parts.query else ""))[:2000]
        for pattern in entry.paths:
            match = re.match(pattern, where)
            if match:
                return entry, {key: value for key, value in match.groupdict().items() if value}
        return entry, {}


def entry(data: Any, where: str = "entry") -> Entry:
    """One entry from parsed YAML or JSON. Raises ``PlaybookError``: also for a key nobody knows."""
    try:
        made: Entry = from_wire(Entry, data, where)
    except ProtocolError as error:
        raise PlaybookError(str(error)) from None
    for desk in made.desks:
        shape = r"[^@\s]+@[^@\s]+\.[^@\s]+" if desk.channel == "email" else r"https?://\S+"
        if desk.channel in ("email", "form", "api") and not re.fullmatch(shape, desk.value):
            raise PlaybookError(f"{where}.desks: {desk.value!r} is no {desk.channel}")
        if not 0 < desk.confidence < 1:
            raise PlaybookError(f"{where}.desks: a confidence is between 0 and 1")
    for pattern in made.paths:
        try:
            re.compile(pattern)
        except re.error as error:
            raise PlaybookError(f"{where}.paths: {pattern!r}: {error}") from None
    return made


def load(home: Path = HOME) -> Playbook:
    """All files of a folder. Raises ``PlaybookError``: unknown or missing keys, a source nobody lists, a key twice."""
    known = _read(home / SOURCES)
    entries: list[Entry] = []
    seen: set[tuple[str, str]] = set()
    for path in sorted(home.glob("*.yaml")):
        if path.name == SOURCES:
            continue
        for number, data in enumerate(_read(path)):
            where = f"{path.name}[{data.get('key', number) if isinstance(data, dict) else number}]"
            made = entry(data, where)
            missing = [one for one in made.sources if one not in known]
            if missing or not made.sources:
                raise PlaybookError(f"{where}.sources: {missing[0] if missing else 'none'} is not in {SOURCES}")
            if (made.role, made.key) in seen:
                raise PlaybookError(f"{where}: {made.role} {made.key} is there twice")
            seen.add((made.role, made.key))
            entries.append(made)
    return Playbook(tuple(entries))


def _read(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or []  # noqa: S506 - the safe one
    except (OSError, yaml.YAMLError) as error:
        raise PlaybookError(f"{path.name}: {error}") from None


@lru_cache(maxsize=1)
def ours() -> Playbook:
    """The playbook that is shipped."""
    return load()


def with_more(more: Sequence[Any]) -> Playbook:
    """Ours with the entries a world brings along before them. Raises ``PlaybookError``."""
    if not more:
        return ours()
    return Playbook((*(entry(one, f"world[{number}]") for number, one in enumerate(more)), *ours().entries))
