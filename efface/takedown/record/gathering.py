"""Gathers a record: plain data, in the words of whoever asks (``words``). Addresses are written so that none opens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from efface.cases.models import Case
from efface.engine.base.text import defang
from efface.evidence.models import Capture
from efface.search import revising
from efface.search.models import Finding
from efface.takedown.models import Check, Notice

SOURCE = Path(__file__).parent / "record.typ"
"""The page a record is set on (``engine.base.typeset``)."""
PARTS = ("name", "pages", "proof", "letters", "looks", "happened")
"""What can be left in or out. ``pages``: their addresses; without it they are numbered."""
MOST = 2000


@dataclass(frozen=True, slots=True)
class Page:
    """One finding. ``proof``: (captured at, SHA-256 of the capture, timestamped at or None). ``letters``: (sent at, to
    whom, our reference, theirs). ``looks``: (at, state)."""

    number: int
    site: str
    address: str
    known_since: datetime
    state: str
    proof: list[tuple[datetime, str, datetime | None]] = field(default_factory=list)
    letters: list[tuple[datetime, str, str, str]] = field(default_factory=list)
    looks: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Record:
    """``digest``: SHA-256 of all the rest, as canonical JSON, so that two copies can be told to be the same."""

    reference: str
    organisation: str
    name: str
    opened_at: datetime
    made_at: datetime
    pages: list[Page]
    happened: list[tuple[datetime, str]]
    parts: tuple[str, ...]

    @property
    def digest(self) -> str:
        plain = json.dumps(asdict(self), ensure_ascii=True, sort_keys=True, separators=(",", ":"), default=_moment)
        return hashlib.sha256(plain.encode("ascii")).hexdigest()


def _moment(value: Any) -> str:
    return str(value.isoformat(timespec="seconds"))


def gather(
    case: Case,
    parts: Iterable[str],
    now: datetime,
    state_words: Callable[[str], str],
    happened: Iterable[tuple[datetime, str]],
) -> Record:
    """The record of a case with these ``PARTS``. Words for states are the caller's, and so is what ``happened``:
    moments and words in order, as her own page shows them."""
    chosen = tuple(part for part in PARTS if part in set(parts))
    rows = Finding.objects.filter(case=case).exclude(stopped__in=revising.NO_LONGER).select_related("site")
    ordered = enumerate(rows.order_by("confirmed_at", "pk")[:MOST], 1)
    pages = [_page(number, row, chosen, state_words) for number, row in ordered]
    lines = list(happened)[-MOST:] if "happened" in chosen else []
    return Record(
        case.reference, case.organisation.name, str(case.name or "") if "name" in chosen else "", case.opened_at, now,
        pages, lines, chosen,
    )  # fmt: skip


def _page(number: int, row: Finding, chosen: tuple[str, ...], state_words: Callable[[str], str]) -> Page:
    named = "pages" in chosen
    site, address = (row.site.domain, defang(str(row.page_url or ""))) if named else ("", "")
    page = Page(number, site, address, row.confirmed_at, state_words(row.state))
    if "proof" in chosen:
        captures = Capture.objects.filter(finding=row).order_by("at")
        page.proof.extend((one.at, one.warc_sha256, one.stamped_at) for one in captures)
    if "letters" in chosen:
        sent = Notice.objects.filter(finding=row, sent_at__isnull=False).select_related("route")
        for one in sent.order_by("sent_at"):
            to = one.route.party_name or one.route.role
            if one.sent_at is not None:
                page.letters.append((one.sent_at, to, one.reference, one.outside_reference))
    if "looks" in chosen:
        looks = Check.objects.filter(finding=row).order_by("at").values_list("at", "state")
        page.looks.extend(_changes(looks, state_words))
    return page


def _changes(
    looks: Iterable[tuple[datetime, str]], state_words: Callable[[str], str]
) -> Iterable[tuple[datetime, str]]:
    """The looks at which something was other than before, and the last one."""
    before, last = "", None
    for at, state in looks:
        last = (at, state_words(state))
        if state != before:
            yield last
            last = None
        before = state
    if last is not None:
        yield last
