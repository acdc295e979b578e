"""Facts of the world that age: where each comes from, of what day it is, and the fresher copy an operator fetched.

A packaged snapshot is always there. A refreshed one lies in the data folder as ``NAME.json`` beside the one before it
(``NAME.before.json``) and is used from then on; what does not have its shape is left aside, never half-used.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from efface.whereabouts import facts, playbook, snapshot_shapes, whois_package

LARGEST = 4_000_000


class SnapshotError(Exception):
    """Says what is wrong and what can be done."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``url`` is the publisher's ("" where a new release of a package or of Efface brings a fresher one); ``days`` the
    age from which the doctor warns; ``shape`` turns a publisher's answer into what is kept, or raises ``ValueError``;
    ``parts`` are further addresses whose answers belong to the same snapshot."""

    name: str
    title: str
    days: int
    url: str = ""
    parts: tuple[str, ...] = ()
    shape: Callable[[list[str]], dict[str, Any]] = field(default=snapshot_shapes.bootstrap)


SNAPSHOTS = (
    Snapshot("rdap-dns", "RDAP registries of names", 180, "https://data.iana.org/rdap/dns.json"),
    Snapshot("rdap-ipv4", "RDAP registries of IPv4 networks", 365, "https://data.iana.org/rdap/ipv4.json"),
    Snapshot("rdap-ipv6", "RDAP registries of IPv6 networks", 365, "https://data.iana.org/rdap/ipv6.json"),
    Snapshot("rdap-asn", "RDAP registries of AS numbers", 365, "https://data.iana.org/rdap/asn.json"),
    Snapshot("whois-servers", "WHOIS servers of suffixes", 1100),
    Snapshot("public-suffixes", "public suffixes", 365),
    Snapshot(
        "cdn-cloudflare", "address ranges of Cloudflare", 365, "https://www.cloudflare.com/ips-v4",
        ("https://www.cloudflare.com/ips-v6",), snapshot_shapes.lines_of_ranges,
    ),
    Snapshot("cdn-fastly", "address ranges of Fastly", 365, "https://api.fastly.com/public-ip-list", (),
             snapshot_shapes.fastly),
    Snapshot("cdn-cloudfront", "address ranges of Amazon CloudFront", 365,
             "https://ip-ranges.amazonaws.com/ip-ranges.json", (), snapshot_shapes.cloudfront),
    Snapshot("cdn-signs", "signs of networks that stand before hosts", 730),
    Snapshot("playbook", "desks whose way in is known", 365),
)  # fmt: skip
BY_NAME = {one.name: one for one in SNAPSHOTS}


@dataclass(frozen=True, slots=True)
class State:
    """``origin`` is "package NAME VERSION", "Efface" or the publisher's address; ``date`` ISO, "" where unknown."""

    name: str
    title: str
    origin: str
    date: str
    days_old: int
    limit_days: int
    refreshed: bool
    can_refresh: bool
    entries: int

    @property
    def stale(self) -> bool:
        return self.days_old > self.limit_days


_folder: Path | None = None


def use(folder: Path | None) -> None:
    """Where refreshed snapshots lie, for this process."""
    global _folder
    _folder = folder
    forget()


def forget() -> None:
    """Read refreshed snapshots again when they are next asked for."""
    _loaded.cache_clear()
    facts.cdns.cache_clear()


def preload() -> None:
    """Read all of them now, before a process gives up the file system."""
    for one in SNAPSHOTS:
        refreshed(one.name)
    facts.cdns()


def refreshed(name: str) -> dict[str, Any]:
    """The content of a refreshed snapshot, {} where there is none."""
    return dict(_loaded(name).get("content") or {})


def adopt(name: str, kept: dict[str, Any]) -> None:
    """Use this from now on in this process, without a file."""
    _adopted[name] = kept
    forget()


_adopted: dict[str, dict[str, Any]] = {}


@lru_cache(maxsize=64)
def _loaded(name: str) -> dict[str, Any]:
    if name in _adopted:
        return _adopted[name]
    if _folder is None:
        return {}
    try:
        return load(_folder / f"{name}.json")
    except SnapshotError:
        return {}


def load(path: Path) -> dict[str, Any]:
    """A kept snapshot: "name", "url", "fetched" (a date) and "content". {} where there is no file; raises
    ``SnapshotError`` for anything else than a snapshot."""
    try:
        if path.stat().st_size > LARGEST:
            raise SnapshotError(f"{path} is too large to be a snapshot; run efface data revert {path.stem}")
        kept = json.loads(path.read_text(encoding="utf-8"))
        datetime.fromisoformat(kept["fetched"])
        snapshot_shapes.check(kept["content"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise SnapshotError(f"{path} cannot be read as a snapshot; run efface data revert {path.stem}") from None
    return dict(kept)


def content(one: Snapshot, answers: list[str], now: datetime, shrunk: bool = False) -> dict[str, Any]:
    """What is kept of a publisher's answers. Raises ``SnapshotError`` where they have not the shape, or shrank to less
    than half and ``shrunk`` does not say that this is right."""
    try:
        found = one.shape(answers)
        snapshot_shapes.check(found)
    except (ValueError, LookupError, TypeError, RecursionError, AttributeError) as error:
        reason = str(error)[:100]
        raise SnapshotError(f"{one.name}: {one.url} sent no such list ({reason}); nothing changed") from None
    before, after = snapshot_shapes.size(refreshed(one.name) or packaged(one.name)), snapshot_shapes.size(found)
    if after * 2 < before and not shrunk:
        raise SnapshotError(
            f"{one.name}: {one.url} sent {after} entries where there were {before}; nothing changed. "
            "If that is right, run efface data refresh --shrunk"
        )
    return {"name": one.name, "url": one.url, "fetched": now.date().isoformat(), "content": found}


def keep(folder: Path, kept: dict[str, Any]) -> Path:
    """Write a snapshot in one step, and leave the one before it beside. Raises ``SnapshotError``."""
    path = folder / f"{kept['name']}.json"
    fresh = folder / f".{kept['name']}.{os.getpid()}"
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with fresh.open("w", encoding="utf-8") as stream:
            json.dump(kept, stream, separators=(",", ":"))
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            path.replace(path.with_suffix(".before.json"))
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise SnapshotError(f"{path} cannot be written: {error.strerror}") from None
    return path


def revert(folder: Path, name: str) -> str:
    """Back to the snapshot before the last refresh, else to the packaged one. What is in force now, in words. Raises
    ``SnapshotError``."""
    if name not in BY_NAME:
        raise SnapshotError(f"there is no snapshot {name}; efface data list names them")
    path, before = folder / f"{name}.json", folder / f"{name}.before.json"
    if not path.exists():
        raise SnapshotError(f"{name} was never refreshed: the packaged one is in use")
    try:
        if before.exists():
            before.replace(path)
            return f"{name}: the snapshot of {load(path).get('fetched', 'before')} is in use again"
        path.unlink()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be changed: {error.strerror}") from None
    return f"{name}: the packaged snapshot is in use again"


def packaged(name: str) -> dict[str, Any]:
    """The packaged content in the form of a refreshed one, for comparing sizes; {} where it has none."""
    if name == "rdap-dns":
        return {"services": [[suffixes, [base]] for base, suffixes in facts.registries()["rdap"]["names"].items()]}
    if name.startswith("cdn-"):
        known = next((one for one in facts.packaged_cdns() if one.key == name[4:]), None)
        return {"ranges": [str(network) for network in known.ranges]} if known and known.ranges else {}
    return {}


def states(now: datetime) -> list[State]:
    """Every snapshot as it is in force."""
    return [_state(one, now) for one in SNAPSHOTS]


def _state(one: Snapshot, now: datetime) -> State:
    kept = _loaded(one.name)
    size = snapshot_shapes.size(kept["content"]) if kept else 0
    origin, day, entries = (one.url, str(kept["fetched"]), size) if kept else _packaged(one)
    days = (now.astimezone(UTC).date() - date.fromisoformat(day)).days if day else 0
    return State(one.name, one.title, origin, day, max(days, 0), one.days, bool(kept), bool(one.url), entries)


def _packaged(one: Snapshot) -> tuple[str, str, int]:
    """Origin, date and number of entries of what the packages ship."""
    if one.name == "whois-servers":
        return (
            f"package asyncwhois {_version('asyncwhois')}",
            whois_package.servers_date(),
            len(whois_package.servers()),
        )
    if one.name == "public-suffixes":
        number = _version("publicsuffixlist")
        stamp = re.search(r"\b(20\d{2})(\d{2})(\d{2})\b", number)
        day = "-".join(stamp.groups()) if stamp else ""
        return f"package publicsuffixlist {number}", day, facts.suffixes()
    if one.name.startswith("rdap-"):
        known = facts.registries()
        table = known["rdap"]["names" if one.name == "rdap-dns" else "networks"]
        count = 0 if one.name == "rdap-asn" else sum(map(len, table.values()))
        return "Efface", str(known["as_of"]), count
    if one.name == "playbook":
        entries = playbook.ours().entries
        return "Efface", min(one.as_of for one in entries), len(entries)
    if one.name == "cdn-signs":
        return "Efface", str(facts.data_file("cdns.yaml")["as_of"]), len(facts.packaged_cdns())
    return "Efface", str(facts.data_file("cdns.yaml")["as_of"]), snapshot_shapes.size(packaged(one.name))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
