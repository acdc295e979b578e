"""A day's figures as a page shows them: headings, charts, tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from efface.law import load
from efface.takedown.figures import charts


@dataclass(frozen=True, slots=True)
class Block:
    """One chart and its table. ``rows`` are lines of cells, the first of each its heading; None is kept back."""

    name: str
    title: str
    said: str
    drawing: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def labelled(self) -> list[list[tuple[str, Any]]]:
        """Rows of (column, cell), numbers as they are read."""
        return [
            [
                (label, number(cell) if isinstance(cell, int) else cell)
                for label, cell in zip(self.columns, row, strict=True)
            ]
            for row in self.rows
        ]


def number(count: int) -> str:
    """As the page's language writes it: 7,306 or 7.306."""
    return f"{count:,}".replace(",", "." if get_language() == "de" else ",")


def words() -> dict[str, str]:
    return {
        "solved": _("Solved: all that was found is gone"), "failed": _("Ended while something still stands"),
        "unfound": _("Ended, nothing was found"), "open": _("Open"), "month": _("Less than a month"),
        "quarter": _("One to three months"), "half": _("Three to six months"), "year": _("Six to twelve months"),
        "older": _("More than a year"), "other": _("Earlier, or this month"),
    }  # fmt: skip


def by_words() -> dict[str, str]:
    return {"route": _("Kind of notice"), "host": _("Host"), "country": _("Country of the host"),
            "network": _("Network")}  # fmt: skip


def few(figures: Mapping[str, Any]) -> str:
    return _("kept back (few)")


def blocks(figures: Mapping[str, Any], by: str) -> list[Block]:
    made = [_cases(figures)]
    if figures["open_age"]["parts"]:
        made.append(_parts(figures, "open_age", _("How long open cases have been open")))
    if not figures["sample"]:
        made.append(_removal(figures))
    if figures["by"].get(by):
        made.append(_by(figures, by))
    if figures["months"]["parts"]:
        made.append(_months(figures))
    made.append(_sites(figures))
    return made


def _ordered(parts: Mapping[str, int | None]) -> list[tuple[str, int | None]]:
    """In the order of ``words``: the database keeps none."""
    return [(said, parts[name]) for name, said in words().items() if name in parts]


def _days(number: float) -> str:
    return ngettext("%(days)d day", "%(days)d days", int(number)) % {"days": int(number)}


def _safe(drawing: str) -> str:
    # Made in ``charts``, which escapes every word it is given.
    return mark_safe(drawing)  # noqa: S308


def _cases(figures: Mapping[str, Any]) -> Block:
    rows = _ordered(figures["cases"]["parts"])
    title = _("What became of cases")
    total = figures["cases"]["total"]
    lead = [(_("Opened"), total), *rows]
    drawing = _safe(charts.bars("cases", title, lead, few(figures), number))
    return Block("cases", title, "", drawing, (_("Cases"), _("People")), tuple(lead))


def _parts(figures: Mapping[str, Any], name: str, title: str) -> Block:
    rows = _ordered(figures[name]["parts"])
    drawing = _safe(charts.bars(name.replace("_", "-"), title, rows, few(figures), number))
    return Block(name.replace("_", "-"), title, "", drawing, (_("Open for"), _("People")), tuple(rows))


def _months(figures: Mapping[str, Any]) -> Block:
    parts = figures["months"]["parts"]
    title = _("Cases opened, by month")
    rows = [(name, parts[name]) for name in sorted(parts) if name != "other"]
    drawing = _safe(charts.columns("months", title, rows, few(figures), every=3, number=number))
    table = [*rows, (words()["other"], parts.get("other"))]
    return Block("months", title, "", drawing, (_("Month"), _("People")), tuple(table))


def _sites(figures: Mapping[str, Any]) -> Block:
    title = _("Sites that came into the register, by day")
    rows = [(day, number) for day, number in figures["sites"]]
    drawing = _safe(charts.columns("sites", title, rows, few(figures), every=7, number=number))
    said = _("Of the whole installation. A site says nothing of a person.")
    return Block("sites", title, said, drawing, (_("Day"), _("Sites")), tuple(rows))


def _share(point: list[float]) -> str:
    return f"{point[1]:.0%} ({point[2]:.0%} - {point[3]:.0%})"


def _removal(figures: Mapping[str, Any]) -> Block:
    told, title = figures["removal"], _("Time until it was gone")
    if told is None:
        return Block("removal", title, _("Too few people yet to tell it without telling of them."), "", (), ())
    drawing = charts.curve("removal", title, told["curve"], told["known_days"], _("days after it was confirmed"))
    said = _("Everything that was found counts, also what still stands: of that it is known how long it has stood, "
             "and nothing more. Each person weighs the same, however much was found of her. The dotted band is what "
             "chance alone could make of it (95 in 100).")  # fmt: skip
    rows = tuple((_days(one[0]), _share(one)) for one in told["curve"])
    return Block("removal", title, said, _safe(drawing), (_("Within"), _("Gone")), rows, _notes(figures))


def _notes(figures: Mapping[str, Any]) -> tuple[str, ...]:
    told, returned = figures["removal"], figures["returned"]
    if "of_one" not in told:
        # Reports that were published before people were told of here told of findings.
        if returned["gone_once"] is None or returned["came_back"] is None:
            return ()
        words = _("Of %(n)s findings that were gone once, %(k)s came back.")
        return (words % {"n": number(returned["gone_once"]), "k": number(returned["came_back"])},)
    notes = [
        _("Findings: %(n)s, of which gone: %(gone)s. At most %(most)s of one person are counted in these two numbers.")
        % {"n": number(told["n"]), "gone": number(told["gone"]), "most": told["of_one"]}
    ]
    once, back = returned["gone_once"], returned["came_back"]
    if once is not None and back is not None:
        notes.append(_("People for whom something was gone once: %(n)s. For %(k)s of them something came back.")
                     % {"n": number(once), "k": number(back)})  # fmt: skip
    elif once is not None:
        notes.append(_("People for whom something was gone once: %(n)s. For how many something came back is kept back: "
                       "they are few.") % {"n": number(once)})  # fmt: skip
    return tuple(notes)


def _by(figures: Mapping[str, Any], by: str) -> Block:
    rows = figures["by"][by]
    # Reports that were published before people were told of here told of findings.
    old = any("people" not in row for row in rows)
    title = _("Findings and how fast they went: %(by)s") if old else (
        _("For how many people, and how fast it went: %(by)s")
    )  # fmt: skip
    title %= {"by": by_words()[by]}
    named = [(_("All others together") if row["rest"] else _name_of(by, row["name"]), row) for row in rows]
    told = [(name, row.get("people", row.get("n"))) for name, row in named]
    drawing = charts.bars(f"by-{by}", title, told, few(figures), number)
    said = _("Somebody can be in several of these. Smaller ones are left out.")
    columns = (by_words()[by], _("Findings") if old else _("People"), _("Gone within 30 days"), _("Half gone within"))
    table = tuple((*one, _by_day(row, 30), _half(row)) for one, (_name, row) in zip(told, named, strict=True))
    return Block(f"by-{by}", title, said, _safe(drawing), columns, table)


def _name_of(by: str, name: str) -> str:
    """A group's name in words."""
    if by == "route" and name in load().notices:
        return load().said(get_language() or "en", "notice_types", name)
    return name


def _by_day(row: Mapping[str, Any], day: int) -> str:
    if row["known_days"] < day:
        return _("not known yet")
    until = [one for one in row["curve"] if one[0] <= day]
    return _share(until[-1]) if until else _("few")


def _half(row: Mapping[str, Any]) -> str:
    return _days(row["median"]) if row["median"] else _("more than half still stands")
