"""Count the words of the corpus for ``efface/takedown/leaning.py``: ``python -m bench.replies.weigh`` writes the file.

Only what was written to be worked on is counted (``open`` and ``more``), never ``kept``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bench.replies.build import mail
from bench.replies.entries import KINDS, MORE, Entry, replies
from efface.net.decoder.mail import read_mail
from efface.takedown.classify import reading
from efface.takedown.leaning import COUNTS, units
from efface.takedown.phrasebook import languages

LEAST = 2
"""A unit that stands in one mail only tells nothing."""


def developed() -> list[Entry]:
    return [entry for half in ("open", *MORE) for entry in replies(half)]


def seen(entry: Entry) -> frozenset[str]:
    said, spoken, _ = reading(read_mail(mail(entry)))
    return units("\n".join(said), languages()[spoken[0]])


def count(mails: Iterable[tuple[str, frozenset[str]]]) -> dict[str, Any]:
    """Kinds and what stands in each mail, counted."""
    number = dict.fromkeys(KINDS, 0)
    table: dict[str, list[int]] = {}
    for kind, found in mails:
        number[kind] += 1
        for unit in found:
            table.setdefault(unit, [0] * len(KINDS))[KINDS.index(kind)] += 1
    kept = {unit: table[unit] for unit in sorted(table) if sum(table[unit]) >= LEAST}
    return {"kinds": list(KINDS), "mails": list(number.values()), "units": kept}


def written(counts: dict[str, Any]) -> str:
    lines = [f"{json.dumps(unit, ensure_ascii=False)}:{json.dumps(row, separators=(',', ':'))}" for unit, row in
             counts["units"].items()]  # fmt: skip
    head = f'{{"kinds":{json.dumps(counts["kinds"])},\n"mails":{json.dumps(counts["mails"])},\n"units":{{\n'
    return head + ",\n".join(lines) + "}}\n"


if __name__ == "__main__":
    COUNTS.write_text(written(count((entry.kind, seen(entry)) for entry in developed())), encoding="utf-8")
