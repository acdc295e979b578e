"""What goes into a pack, member by member. Each is read in a short transaction of its own and let go of before the
next, so that a pack may be far larger than memory. Whatever the case holds more is not in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from efface.cases.models import Case, Fingerprint
from efface.engine.base import objects, tenancy
from efface.evidence import chain, clock_source, custody, wacz, warc
from efface.evidence.extortion import rings
from efface.evidence.keeping import messages_of
from efface.evidence.models import Capture, Fact, Kept, Pack
from efface.evidence.packs import sections, tables
from efface.search import revising
from efface.search.models import Asset, Finding

PARTS: dict[str, str] = {
    "name": "her name", "pages": "addresses of pages", "proof": "captures of pages, with timestamps",
    "letters": "letters that went out", "looks": "what later looks at the pages saw",
    "hashes": "hash lists of the pictures", "kept": "what she kept: messages and mails",
    "demands": "who demands what: accounts, wallets, sums, deadlines", "custody": "chain of custody",
}  # fmt: skip
"""What can be left in or out."""
NEEDS = {"proof": "pages"}
"""A capture holds the address of its page: without addresses there are no captures."""
AT_ONCE = 100
MOST_IN_REPORT = 1000


@dataclass(slots=True)
class Gathered:
    """What the report tells, filled while members pass by. ``left_out`` in words, with the reason."""

    findings: list[dict[str, Any]] = field(default_factory=list)
    demands: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    custody_lines: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def members(pack: Pack, now: datetime, told: Gathered) -> Iterator[tuple[str, bytes]]:
    """(name, content) of everything but report, manifest and read-me."""
    organisation, case_id, parts = pack.organisation_id, pack.case_id, set(usable(pack.parts))
    told.left_out += [words for part, words in PARTS.items() if part not in parts]
    rows: dict[str, list[dict[str, Any]]] = {"findings": [], "captures": []}
    extra = sections.chosen(parts)
    rows.update({one.name: [] for one in extra})
    hashes: list[dict[str, Any]] = []
    for number, finding_id in enumerate(_finding_ids(pack), 1):
        with tenancy.organisation(organisation):
            finding = Finding.objects.select_related("site").get(pk=finding_id)
            row = _finding(number, finding, parts)
            rows["findings"].append(row)
            for section in extra:
                hidden = () if "pages" in parts else section.address
                found = [
                    {"finding": number, **{key: value for key, value in line.items() if key not in hidden}}
                    for line in section.tell(finding)
                ]
                rows[section.name] += found
                row[section.name] = len(found)
            if "hashes" in parts:
                hashes += _hashes(number, finding)
            captures = list(Capture.objects.filter(finding=finding).order_by("at")) if "proof" in parts else []
        if len(told.findings) < MOST_IN_REPORT:
            told.findings.append(row)
        for capture in captures:
            yield from _capture(pack, number, finding, capture, rows["captures"], told)
            row["captures"] = row.get("captures", 0) + 1
    yield from _tables(pack, rows, extra, parts, told)
    with tenancy.organisation(organisation):
        small = list(_hash_lists(case_id, hashes, told)) if "hashes" in parts else []
        small += list(_demands(pack, told)) if "demands" in parts else []
        small += list(_kept_list(pack, told)) if "kept" in parts else []
    yield from small
    if "kept" in parts:
        yield from _kept(pack)
    if "custody" in parts:
        with tenancy.organisation(organisation):
            lines = custody.as_rows(case_id)
        told.custody_lines = len(lines)
        yield "custody.json", tables.as_json({"rule": chain.RULE, "case": str(case_id), "lines": lines})
        if lines:
            yield "tables/custody.csv", tables.as_csv(lines, tuple(lines[0]))


def usable(parts: list[str]) -> list[str]:
    """The known ones, without those that need another that is left out."""
    return [one for one in PARTS if one in parts and NEEDS.get(one, one) in parts]


def _finding_ids(pack: Pack) -> list[uuid.UUID]:
    with tenancy.organisation(pack.organisation_id):
        rows = Finding.objects.filter(case_id=pack.case_id).exclude(stopped=revising.TAKEN_BACK)
        if pack.findings is not None:
            rows = rows.filter(pk__in=pack.findings)
        return list(rows.order_by("confirmed_at", "pk").values_list("pk", flat=True))


def _finding(number: int, one: Finding, parts: set[str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "number": number, "known_since": one.confirmed_at, "state": one.state, "age_in_it": one.age,
        "times_it_came_back": one.episode - 1, "gone_at": one.gone_at,
    }  # fmt: skip
    if "pages" in parts:
        row |= {"site": one.site.domain, "page": str(one.page_url or "")}
        row["media"] = [
            {"role": asset.role, "address": str(asset.url or ""), "sha256": asset.sha256}
            for asset in Asset.objects.filter(finding=one).exclude(role="page").order_by("added_at", "pk")
        ]
    return row


def _capture(
    pack: Pack, number: int, finding: Finding, capture: Capture, lines: list[dict[str, Any]], told: Gathered
) -> Iterator[tuple[str, bytes]]:
    with tenancy.organisation(pack.organisation_id):
        data = objects.get(pack.case_id, capture.warc)
        token = objects.get(pack.case_id, capture.token) if capture.token else b""
    folder = f"captures/{number:04d}-{capture.episode}"
    title = f"Finding {number}"
    yield f"{folder}/page.wacz", wacz.build(data, str(finding.page_url or "urn:page"), title, capture.at)
    if token:
        yield f"{folder}/page.warc.gz.tsr", token
    shot = warc.screenshot(data)
    if shot:
        yield f"{folder}/screenshot.png", shot
    lines.append({
        "finding": number, "captured_at": capture.at, "warc_sha256": capture.warc_sha256, "bytes": capture.warc_bytes,
        "stamped_at": capture.stamped_at, "clock": clock_source.words(capture.clock or {}), "folder": folder,
    })  # fmt: skip


def _tables(
    pack: Pack, rows: dict[str, list[dict[str, Any]]], extra: list[sections.Section], parts: set[str], told: Gathered
) -> Iterator[tuple[str, bytes]]:
    with tenancy.organisation(pack.organisation_id):
        case = Case.objects.select_related("organisation").get(pk=pack.case_id)
        about = {
            "reference": case.reference, "organisation": case.organisation.name, "opened_at": case.opened_at,
            "country": case.country, "age_when_made": case.age, "how_obtained": case.acquisition,
            "name": str(case.name or "") if "name" in parts else None,
        }  # fmt: skip
    if "proof" not in parts:
        rows.pop("captures")
    told.counts |= {name: len(found) for name, found in rows.items()}
    yield "case.json", tables.as_json({"case": about, **rows})
    columns: dict[str, tuple[str, ...]] = {
        "findings": ("number", "site", "page", "known_since", "state", "age_in_it", "times_it_came_back", "gone_at"),
        "captures": ("finding", "captured_at", "warc_sha256", "bytes", "stamped_at", "clock", "folder"),
        **{one.name: ("finding", *one.columns) for one in extra},
    }
    for name, found in rows.items():
        yield f"tables/{name}.csv", tables.as_csv(found, columns[name])


def _hashes(number: int, finding: Finding) -> list[dict[str, Any]]:
    found = []
    for asset in Asset.objects.filter(finding=finding).exclude(role="page"):
        if asset.sha256:
            found.append({"kind": "sha256", "value": asset.sha256, "of": f"finding {number}, {asset.role}"})
        if asset.pdq:
            found.append({"kind": "pdq", "value": str(asset.pdq[0]), "of": f"finding {number}, {asset.role}"})
    return found


def _hash_lists(case_id: uuid.UUID, hashes: list[dict[str, Any]], told: Gathered) -> Iterator[tuple[str, bytes]]:
    """PDQ, MD5 and SHA-256 of what was found and of her own pictures, each value once."""
    own = Fingerprint.objects.filter(case_id=case_id, retired_at=None, kind__in=("pdq", "md5", "sha256", "video"))
    for row in own:
        value = row.value if isinstance(row.value, dict) else {}
        for kind in ("pdq", "md5", "sha256"):
            raw = value.get(kind) or (value.get("value") if row.kind == kind else "")
            one = str(raw[0]) if isinstance(raw, list) and raw else str(raw or "")
            if one:
                hashes.append({"kind": kind, "value": one, "of": "her own picture"})
    unique = {(one["kind"], one["value"]): one for one in hashes}
    for kind in ("pdq", "md5", "sha256"):
        values = sorted(value for known, value in unique if known == kind)
        told.counts[kind] = len(values)
        if values:
            yield f"hashes/{kind}.txt", ("\n".join(values) + "\n").encode()
    if unique:
        yield "hashes/hashes.csv", tables.as_csv(unique.values(), ("kind", "value", "of"))


def _demands(pack: Pack, told: Gathered) -> Iterator[tuple[str, bytes]]:
    """Only what a person confirmed. Of rings a number, and only for the police."""
    wide = {}
    if pack.made_for == Pack.For.POLICE:
        wide = {one.fact.pk: one.others for one in rings.of(pack.case)}
    rows = []
    for one in Fact.objects.filter(case_id=pack.case_id, state=Fact.State.CONFIRMED).order_by("kind", "at"):
        quote = one.quote if isinstance(one.quote, dict) and "kept" in pack.parts else {}
        rows.append({
            "kind": one.kind, "value": one.value, "detail": one.detail,
            "checksum_holds": one.sure if one.kind == "wallet" else None, "said_by": quote.get("by"),
            "said_at": quote.get("at"), "quote": quote.get("text"), "also_in_other_cases": wide.get(one.pk, 0) or None,
        })  # fmt: skip
    told.demands = rows[:MOST_IN_REPORT]
    told.counts["demands"] = len(rows)
    yield "demands.json", tables.as_json(rows)
    columns = ("kind", "value", "detail", "checksum_holds", "said_by", "said_at", "quote", "also_in_other_cases")
    yield "tables/demands.csv", tables.as_csv(rows, columns)


def _kept_list(pack: Pack, told: Gathered) -> Iterator[tuple[str, bytes]]:
    rows = [
        {
            "number": number, "within": None, "name": one.name, "kind": one.kind, "app": one.app, "bytes": one.size,
            "sha256": one.sha256, "md5": one.md5, "pdq": one.pdq, "messages": one.said_count, "handed_in": one.at,
            "problem": one.problem,
        }
        for number, one in enumerate(_kept_rows(pack), 1)
    ]  # fmt: skip
    told.kept = rows[:MOST_IN_REPORT]
    told.counts["kept"] = len(rows)
    if rows:
        yield "tables/kept.csv", tables.as_csv(rows, tuple(rows[0]))


def _kept(pack: Pack) -> Iterator[tuple[str, bytes]]:
    with tenancy.organisation(pack.organisation_id):
        ids = [one.pk for one in _kept_rows(pack)]
    for number, key in enumerate(ids, 1):
        with tenancy.organisation(pack.organisation_id):
            one = Kept.objects.filter(pk=key).first()
            if one is None or not one.said:
                continue
            said = messages_of(one)
            headers = one.said.get("headers", ()) if isinstance(one.said, dict) else ()
            rows = [{"at": line.at, "by": line.by, "text": line.text, "medium": line.medium} for line in said]
        yield f"kept/{number:03d}.json", tables.as_json({"app": one.app, "headers": list(headers), "messages": rows})
        yield f"kept/{number:03d}.csv", tables.as_csv(rows, ("at", "by", "text", "medium"))


def _kept_rows(pack: Pack) -> list[Kept]:
    return list(Kept.objects.filter(case_id=pack.case_id).order_by("at", "pk").defer("said"))
