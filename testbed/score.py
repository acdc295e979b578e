"""Join what Efface says it did with what was true.

``score`` reads ``truth.json`` and ``events.jsonl`` of a world's folder and an export of the form
``{"candidates": [{page_url, media_url, case, state, kind}], "findings": [{id, case, page_url, media_urls, state,
gone_confirmed_at, reappeared_at}], "notices": [{id, to, party, type, urls, sent_at, message_id, channel, step}]}``.
``case`` is the subject's key ("A"); times are ISO 8601; ``step`` counts a notice and its reminders from 1.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from testbed.model import parse_time
from testbed.notice import canonical
from testbed.truth import EVENTS, TRUTH

MOVE_GRACE = timedelta(hours=72)
"""How long after a site moved its old host may still be written to."""
RETURN_GRACE = timedelta(hours=96)
"""A return later than this before the end of the run is not held against anybody."""


@dataclass(slots=True)
class Known:
    """An item with canonical URLs; ``returned_at`` is when a return appeared."""

    id: str
    subjects: set[str]
    kind: str
    urls: set[str]
    pages: set[str]
    of: str = ""
    returned_at: datetime | None = None


@dataclass(slots=True)
class Truth:
    """Truth and log, indexed."""

    data: dict[str, Any]
    events: list[dict[str, Any]]
    planted: list[Known] = field(default_factory=list)
    groups: list[Known] = field(default_factory=list)
    returned: list[Known] = field(default_factory=list)
    origin: dict[str, list[tuple[datetime, bool]]] = field(default_factory=dict)
    cached: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    moved: dict[str, datetime] = field(default_factory=dict)
    by_host: dict[str, dict[str, Any]] = field(default_factory=dict)
    traps: set[str] = field(default_factory=set)
    end: datetime | None = None

    def everything(self) -> list[Known]:
        return [*self.planted, *self.groups, *self.returned]

    def served(self, url: str, at: datetime) -> bool:
        """True when ``url`` was at its origin or in the CDN's cache at ``at``."""
        up = False
        for when, state in self.origin.get(url, []):
            if when > at:
                break
            up = state
        return up or any(since <= at < until for since, until in self.cached.get(url, []))

    def episode(self, url: str, at: datetime) -> int:
        """How often ``url`` had come back by ``at``."""
        return sum(1 for item in self.returned if url in item.urls and item.returned_at and item.returned_at <= at)


def _known(entry: dict[str, Any]) -> Known:
    pages = {canonical(url) for url in entry["page_urls"]}
    media = {canonical(url) for url in [*entry["media_urls"], *entry["thumb_urls"]]}
    subjects = {entry["subject"], *entry.get("also", [])}
    return Known(entry["id"], subjects, entry["kind"], pages | media, pages, entry.get("of", ""))


def read(folder: Path) -> Truth:
    """Load a world's truth. Raises ``FileNotFoundError`` and ``json.JSONDecodeError``."""
    data = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
    lines = (folder / EVENTS).read_text(encoding="utf-8").splitlines()
    truth = Truth(data, [json.loads(line) for line in lines if line.strip()])
    published = {event["item"] for event in truth.events if event["event"] == "published"}
    for entry in data["items"]:
        if not truth.events or entry["id"] in published:
            (truth.groups if entry["kind"] == "group" else truth.planted).append(_known(entry))
    returns = {entry["becomes"]["id"]: entry["becomes"] for entry in data["returns"]}
    for event in truth.events:
        _take(truth, event, returns)
    truth.traps = {entry["address"].lower() for entry in data["traps"]}
    for site in data["sites"].values():
        truth.by_host[site["domain"]] = site
        truth.by_host[site["media_domain"]] = site
    return truth


def _take(truth: Truth, event: dict[str, Any], returns: dict[str, dict[str, Any]]) -> None:
    at = parse_time(event["at"])
    truth.end = max(truth.end or at, at)
    kind = event["event"]
    if kind in {"url-up", "url-down"}:
        truth.origin.setdefault(event["url"], []).append((at, kind == "url-up"))
    elif kind == "cdn-cached":
        truth.cached.setdefault(event["url"], []).append((at, parse_time(event["until"])))
    elif kind == "cdn-purged":
        spans = truth.cached.setdefault(event["url"], [])
        truth.cached[event["url"]] = [(since, min(until, max(at, since))) for since, until in spans]
    elif kind == "site-moved":
        truth.moved[event["site"]] = at
    elif kind == "returned" and event["item"] in returns:
        item = _known(returns[event["item"]])
        item.returned_at = at
        truth.returned.append(item)


def _times(values: Any) -> list[datetime]:
    given = values if isinstance(values, list) else [values] if values else []
    return [parse_time(value) for value in given if value]


def _urls_of(finding: dict[str, Any]) -> set[str]:
    return {canonical(url) for url in [finding.get("page_url", ""), *finding.get("media_urls", [])] if url}


def _items_of(truth: Truth, case: str, urls: set[str]) -> list[Known]:
    return [item for item in truth.everything() if case in item.subjects and item.urls & urls]


def _candidate_true(truth: Truth, candidate: dict[str, Any]) -> bool:
    """A candidate is true when its picture (or, where it names none, its page) is a copy of that subject's."""
    media = candidate.get("media_url") or ""
    urls = {canonical(media or candidate.get("page_url", ""))}
    return bool(_items_of(truth, candidate["case"], urls))


def responsible(truth: Truth, address: str, host: str, at: datetime) -> bool:
    """Whether ``address`` belongs to a party that answers for ``host`` at ``at``. An extortionist's never does."""
    site = truth.by_host.get(host)
    if site is None or address in truth.traps:
        return False
    roles = site["roles"]
    moved = truth.moved.get(site["domain"])
    for role, party in roles.items():
        if address not in {each.lower() for each in party["addresses"]}:
            continue
        if role == "operator" and party["extortion"]:
            continue
        if role == "next_host" and (moved is None or at < moved):
            continue
        if role == "host" and moved is not None and at > moved + MOVE_GRACE:
            continue
        return True
    return address in {each.lower() for each in truth.data["search"]["addresses"]}


def wrong_party(truth: Truth, address: str, urls: list[str], at: datetime) -> bool:
    """A notice goes to a wrong party when its address is a trap, or answers not for every site it names."""
    address = address.lower()
    if address in truth.traps:
        return True
    hosts = {canonical(url).split("/")[2] for url in urls}
    ours = [host for host in hosts if host in truth.by_host]
    if not ours:
        return bool(urls)
    return not all(responsible(truth, address, host, at) for host in ours)


def _wrong(truth: Truth, notices: list[dict[str, Any]]) -> list[str]:
    """Message ids (or notice ids) of notices that went to a wrong party: as received, refused, and as exported."""
    found = set()
    for event in truth.events:
        # A form is on the site it is for: whoever files there cannot have taken the wrong one.
        if event["event"] == "mail" and not event.get("automatic") and not event["to"].startswith("form:"):
            named = [url for url in event["urls"] if canonical(url).split("/")[2] in truth.by_host]
            if event["role"] == "trap" or (named and wrong_party(truth, event["to"], named, parse_time(event["at"]))):
                found.add(f"{event['message_id']}|{event['to'].lower()}")
        elif event["event"] == "mail-refused" and event["to"].lower() in truth.traps:
            found.add(f"{event['at']}|{event['to'].lower()}")
    for notice in notices:
        to = str(notice.get("to", "")).lower()
        mailed = notice.get("sent_at") and "@" in to and notice.get("channel", "email") == "email"
        if mailed and wrong_party(truth, to, notice.get("urls", []), parse_time(notice["sent_at"])):
            found.add(f"{notice.get('message_id') or notice.get('id')}|{to}")
    return sorted(found)


def _duplicates(truth: Truth, notices: list[dict[str, Any]]) -> int:
    """Mails that repeat recipient, URL, type and step within one episode, counted once each: first among what the desks
    really got, then among the exported notices they never saw."""
    seen: set[tuple[str, str, str, int, int]] = set()
    ids: set[tuple[str, str]] = set()
    received: set[str] = set()
    count = 0

    def repeated(to: str, urls: list[str], kind: str, step: int, at: datetime) -> bool:
        keys = {
            (to, url, kind, step, truth.episode(url, at))
            for url in map(canonical, urls)
            if url.split("/")[2] in truth.by_host
        }
        again = bool(keys & seen)
        seen.update(keys)
        return again

    for event in truth.events:
        if event["event"] != "mail" or event.get("automatic") or event["to"].startswith("form:"):
            continue
        to, message_id = event["to"].lower(), event["message_id"]
        received.add(message_id)
        if not event["step"]:
            continue
        twice = bool(message_id) and (to, message_id) in ids
        ids.add((to, message_id))
        if repeated(to, event["urls"], event["type"], event["step"], parse_time(event["at"])) or twice:
            count += 1
    for notice in notices:
        to = str(notice.get("to", "")).lower()
        if not notice.get("sent_at") or "@" not in to or (notice.get("message_id") or "-") in received:
            continue
        if repeated(
            to,
            notice.get("urls", []),
            notice.get("type", ""),
            int(notice.get("step", 1)),
            parse_time(notice["sent_at"]),
        ):
            count += 1
    return count


def _false_matches(truth: Truth, candidates: list[dict[str, Any]], findings: list[dict[str, Any]]) -> int:
    """Findings that show nobody's copy, and confirmed candidates of that sort that made no finding."""
    wrong = {
        (finding["case"], canonical(finding["page_url"]))
        for finding in findings
        if not _items_of(truth, finding["case"], _urls_of(finding))
    }
    count = len(wrong)
    for candidate in candidates:
        key = (candidate["case"], canonical(candidate["page_url"]))
        if candidate.get("state") == "confirmed" and not _candidate_true(truth, candidate) and key not in wrong:
            count += 1
    return count


def _false_gone(truth: Truth, findings: list[dict[str, Any]]) -> int:
    count = 0
    for finding in findings:
        items = _items_of(truth, finding["case"], _urls_of(finding))
        for at in _times(finding.get("gone_confirmed_at")):
            if any(truth.served(url, at) for item in items for url in item.urls):
                count += 1
    return count


def _returns(truth: Truth, findings: list[dict[str, Any]]) -> tuple[int, int]:
    """(returns that counted, returns that were seen)."""
    happened = detected = 0
    urls_of = {item.id: item.urls for item in truth.planted + truth.groups}
    for item in truth.returned:
        if item.returned_at is None or truth.end is None or item.returned_at > truth.end - RETURN_GRACE:
            continue
        happened += 1
        urls = item.urls | urls_of.get(item.of, set())
        for finding in findings:
            seen = [at for at in _times(finding.get("reappeared_at")) if at >= item.returned_at]
            if finding["case"] in item.subjects and _urls_of(finding) & urls and seen:
                detected += 1
                break
    return happened, detected


def score(truth_dir: Path, export: dict[str, Any]) -> dict[str, Any]:
    """The figures of a run. Raises ``FileNotFoundError`` without a truth, ``KeyError`` for an export out of shape."""
    truth = read(truth_dir)
    candidates, findings, notices = export["candidates"], export["findings"], export["notices"]
    found = [
        item
        for item in truth.planted
        if any(finding["case"] in item.subjects and _urls_of(finding) & item.urls for finding in findings)
    ]
    missed = sorted(item.id for item in truth.planted if item not in found)
    happened, detected = _returns(truth, findings)
    end = truth.end
    wrong = _wrong(truth, notices)
    return {
        "planted": len(truth.planted),
        "planted_by_kind": dict(sorted(Counter(item.kind for item in truth.planted).items())),
        "candidates": len(candidates),
        "found": len(found),
        "found_by_kind": dict(sorted(Counter(item.kind for item in found).items())),
        "missed": len(missed),
        "missed_items": missed,
        "false_candidates": sum(1 for candidate in candidates if not _candidate_true(truth, candidate)),
        "false_matches": _false_matches(truth, candidates, findings),
        "notices_sent": sum(1 for notice in notices if notice.get("sent_at")),
        "mails_received": sum(1 for event in truth.events if event["event"] == "mail"),
        "wrong_party_notices": len(wrong),
        "wrong_party_items": wrong,
        "duplicate_notices": _duplicates(truth, notices),
        "gone_confirmed": sum(1 for finding in findings if _times(finding.get("gone_confirmed_at"))),
        "false_gone": _false_gone(truth, findings),
        "gone_at_end": sum(
            1 for item in truth.planted if end is not None and not any(truth.served(url, end) for url in item.urls)
        ),
        "reappeared_planted": happened,
        "reappeared_detected": detected,
    }
