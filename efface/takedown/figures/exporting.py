"""The figures as tables and as JSON: what is let out, and nothing beside it. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from efface.engine.base import text

COLUMNS = ("table", "name", "figure", "value")
_SAID = {"people": "people", "n": "findings", "gone": "gone", "of_one": "findings of one person counted at most"}
KEPT_BACK = "kept back"


def as_json(figures: Mapping[str, Any]) -> str:
    return json.dumps(figures, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def as_csv(figures: Mapping[str, Any]) -> str:
    """One line a figure. A cell that a table program would take for a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in _lines(figures):
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _lines(figures: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    yield "about", "day", "day", figures["day"]
    for table in ("cases", "open_age", "months"):
        for name, value in figures[table]["parts"].items():
            yield table, name, "people", value
        yield table, "all", "people", figures[table]["total"]
    yield from _group("removal", "all", figures["removal"])
    for by, rows in figures["by"].items():
        for row in rows:
            yield from _group(by, "others together" if row["rest"] else row["name"], row)
    for name, value in figures["returned"].items():
        yield "returned", name, "people", value
    for day, value in figures["sites"]:
        yield "sites", day, "added", value
    for name, value in figures.get("workload", {}).items():
        yield "workload", name, "mean" if name != "workers" else "people", value


def _group(table: str, name: str, told: Mapping[str, Any] | None) -> Iterator[tuple[Any, ...]]:
    if told is None:
        yield table, name, "people", None
        return
    for key, said in _SAID.items():
        if key in told:
            yield table, name, said, told[key]
    for day, share, low, high in told["curve"]:
        yield table, name, f"share gone by day {int(day)}", share
        yield table, name, f"share gone by day {int(day)}, low", low
        yield table, name, f"share gone by day {int(day)}, high", high


def _cell(value: Any) -> str:
    return KEPT_BACK if value is None else text.cell(value)
