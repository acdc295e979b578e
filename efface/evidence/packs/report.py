"""The report: what a reader who opens nothing else needs. Tagged (PDF/UA-1), searchable, no link, no picture."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from efface.engine.base import typeset
from efface.engine.base.text import defang
from efface.evidence.models import Pack
from efface.evidence.packs import signing
from efface.evidence.packs.gathering import PARTS, Gathered, usable

SOURCE = Path(__file__).parent / "report.typ"
_PIECE = 24
_ASCII, _SIGNS = 0x7F, 0x1F000
MOST_TRIES = 40
"""Letters told one after another before all that are not ASCII are written as numbers."""


def pdf(pack: Pack, told: Gathered, by: signing.Signer, now: datetime) -> bytes:
    """Raises ``typeset.CannotSet``."""
    case = pack.case
    data = {
        "title": f"Evidence in case {case.reference}", "author": case.organisation.name,
        "footer": f"Case {case.reference}. Made {_moment(now)} by {case.organisation.name}.",
        "lines": _head(pack, by, now), "sections": [one for one in _sections(pack, told) if one],
    }  # fmt: skip
    return _set(data)


def _set(data: Any) -> bytes:
    """A letter that no font here has must not keep a pack from being made: it is written as its number, and
    ``case.json`` has it as it is."""
    spelled: set[str] = set()
    while True:
        try:
            return typeset.pdf(SOURCE, "report", _spell(data, spelled))
        except typeset.CannotSet as error:
            found = {letter for letter in error.letters if ord(letter) > _ASCII} - spelled
            if not found:
                raise
            spelled |= found if len(spelled) < MOST_TRIES else {one for one in json.dumps(data, ensure_ascii=False)
                                                               if ord(one) > _ASCII}  # fmt: skip


def _spell(value: Any, spelled: set[str]) -> Any:
    if isinstance(value, str):
        return "".join(f"[U+{ord(one):04X}]" if one in spelled or _is_sign(one) else one for one in value)
    if isinstance(value, list):
        return [_spell(one, spelled) for one in value]
    return {key: _spell(one, spelled) for key, one in value.items()} if isinstance(value, dict) else value


def _is_sign(letter: str) -> bool:
    """Pictures among letters, and what joins them."""
    return ord(letter) >= _SIGNS or letter in "\ufe0e\ufe0f\u200d"


def _head(pack: Pack, by: signing.Signer, now: datetime) -> list[str]:
    case, name = pack.case, str(pack.case.name or "")
    lines = [
        f"{case.organisation.name} acts for a person shown in intimate pictures that were published, or are threatened "
        "to be, without consent. This pack was made for "
        f"{pack.get_made_for_display()}: {pack.recipient or 'no name given'}.",
        f"Made {_moment(now)}. Case opened {_moment(case.opened_at)}.",
    ]  # fmt: skip
    if "name" in pack.parts and name:
        # Kept together in its own direction: the marks of Unicode for a name of any script.
        lines.append(f"The person: \u2068{name}\u2069.")
    if pack.ground:
        lines.append(f"Handed over without her consent because a statute obliges: {pack.ground}.")
    elif pack.made_for != Pack.For.HERSELF:
        lines.append("She agreed to handing this over.")
    return [
        *lines,
        "No intimate picture is in this pack. Pages were captured without their pictures and videos; of those there "
        "are digests and fingerprints. Addresses in this report are written so that none opens by accident. A letter "
        "that no font here has is written as its number, such as [U+1F600].",
        by.words() + f" SHA-256 of the certificate: {' '.join(_pieces(by.fingerprint, 16))}.",
        "How to check this pack with tools that are not ours: README.txt in it.",
    ]  # fmt: skip


def _section(
    title: str, lines: list[str], entries: list[dict[str, Any]] | None = None, items: list[str] | None = None
) -> Any:
    return {"title": title, "lines": lines, "entries": entries or [], "items": items or []}


def _sections(pack: Pack, told: Gathered) -> list[Any]:
    parts = set(usable(pack.parts))
    found = [
        _section("What is inside", [], items=[PARTS[part] for part in PARTS if part in parts]),
        _section("What was left out", [], items=told.left_out) if told.left_out else None,
        _section(
            f"Where it was found: {told.counts.get('findings', 0)}",
            _cut(told.counts.get("findings", 0), len(told.findings), "tables/findings.csv")
            or ([] if told.findings else ["Nothing was found yet."]),
            [_finding(one) for one in told.findings],
        ),
    ]
    if "demands" in parts:
        found.append(_section(
            f"Who demands what: {told.counts.get('demands', 0)}",
            ["Confirmed by a worker, from what she kept or said. A wallet's checksum says that it exists, "
             "not whose it is."] if told.demands else ["Nothing was noted."],
            [_demand(one) for one in told.demands],
        ))  # fmt: skip
    if "kept" in parts:
        found.append(_section(
            f"What she kept: {told.counts.get('kept', 0)}",
            ["Of pictures digests alone are kept: the files themselves are with her."] if told.kept else ["Nothing."],
            [_file(one) for one in told.kept],
        ))  # fmt: skip
    if "hashes" in parts:
        named = {"pdq": "PDQ", "md5": "MD5", "sha256": "SHA-256"}
        found.append(_section("Hash lists", [], items=[
            f"{words}: {told.counts.get(kind, 0)}" for kind, words in named.items()
        ]))  # fmt: skip
    if "custody" in parts:
        found.append(_section("Chain of custody", [
            f"{told.custody_lines} lines in custody.json, each covering the one before it by its digest."
        ]))  # fmt: skip
    return found


def _cut(all_of: int, shown: int, where: str) -> list[str]:
    return [f"The first {shown} are told here, all of them in {where}."] if all_of > shown else []


def _finding(one: dict[str, Any]) -> dict[str, Any]:
    lines = []
    if one.get("page"):
        lines.append(_line("Page", defang(str(one["page"]))))
    lines += [_line("Known since", _moment(one["known_since"])), _line("State", str(one["state"]))]
    if one["times_it_came_back"]:
        lines.append(_line("Came back", f"{one['times_it_came_back']} times"))
    counted = {"captures": "Captures", "letters": "Letters", "looks": "Looks"}
    lines += [_line(words, str(one[key])) for key, words in counted.items() if one.get(key)]
    return _entry(f"Finding {one['number']}" + (f": {one['site']}" if one.get("site") else ""), lines)


def _demand(one: dict[str, Any]) -> dict[str, Any]:
    lines = [_line("Value", defang(str(one["value"])))]
    if one["detail"]:
        lines.append(_line("More", str(one["detail"])))
    if one["checksum_holds"]:
        lines.append(_line("Checksum", "holds"))
    if one["quote"]:
        lines.append(
            _line("Said", f"{defang(str(one['quote']))} ({one['said_by'] or 'unknown'}, {one['said_at'] or 'no time'})")
        )
    if one["also_in_other_cases"]:
        lines.append(_line("Other cases", f"the same stands in {one['also_in_other_cases']} more of this organisation"))
    return _entry(str(one["kind"]).capitalize(), lines)


def _entry(title: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "language": written_in(title), "lines": lines}


def _file(one: dict[str, Any]) -> dict[str, Any]:
    lines = [
        _line("Kind", " ".join(part for part in (one["app"], one["kind"]) if part)),
        _line("SHA-256", str(one["sha256"])), _line("Handed in", _moment(one["handed_in"])),
    ]  # fmt: skip
    if one["messages"]:
        lines.append(_line("Messages", f"{one['messages']}, in kept/{one['number']:03d}.json"))
    return _entry(str(one["name"] or f"file {one['number']}"), lines)


def _line(label: str, words: str) -> dict[str, Any]:
    shown = "".join(letter for letter in words.replace("\n", " ") if letter.isprintable())
    language = written_in(shown)
    # Letters that join are not cut apart: such words are short enough to be set whole.
    return {"label": label, "pieces": [shown] if language else _pieces(shown, _PIECE), "language": language}


def written_in(words: str) -> str:
    """The language of a script that runs from right to left, by the first letter that has a direction; "" for any
    other. A reader's voice is told by it, and the line begins at its own side."""
    for letter in words:
        if unicodedata.bidirectional(letter) in ("L", "R", "AL"):
            return {"R": "he", "AL": "ar"}.get(unicodedata.bidirectional(letter), "")
    return ""


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def _moment(value: Any) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if isinstance(value, datetime) else str(value)
