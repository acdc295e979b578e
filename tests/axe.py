"""What axe found on each page in each language, gathered from all tests of a run, as a table at its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

SEEN: list[dict[str, Any]] = []
"""Pages of the desk that the running test has looked at: the name of the view, the scheme, how many violations."""


def saw(url: str, scheme: str, violations: int) -> None:
    """Note that a page was looked at. An address that no view answers is left out."""
    from django.urls import Resolver404, resolve

    try:
        SEEN.append({"view": resolve(urlsplit(url).path).view_name, "scheme": scheme, "violations": violations})
    except Resolver404:
        return


def views(found: Iterable[list[dict[str, Any]]], every: Iterable[str]) -> list[str]:
    """Lines for people: what axe found on each view at each width, and which of ``every`` nobody looked at."""
    counts: dict[str, dict[str, int]] = {}
    for pages in found:
        for one in pages:
            row = counts.setdefault(one["view"], {})
            row[one["scheme"]] = row.get(one["scheme"], 0) + one["violations"]
    lines = [f"{'axe violations':<32}{'phone':>7}{'desk':>7}"]
    for view, row in sorted(counts.items()):
        lines.append(f"{view:<32}{row.get('light', '-'):>7}{row.get('dark', '-'):>7}")
    total = sum(sum(row.values()) for row in counts.values())
    unseen = sorted(set(every) - set(counts))
    return [*lines, f"{len(counts)} views looked at, {total} violations",
            f"not looked at in this run: {', '.join(unseen) or 'none'}"]  # fmt: skip



def table(found: Iterable[dict[str, Any]]) -> list[str]:
    """Lines for people: a row for each page, a column for each language. ``found``: what tests recorded as "axe":
    a language, and violations by page."""
    by_language = {one["language"]: one["pages"] for one in found}
    languages, pages = sorted(by_language), sorted({page for pages in by_language.values() for page in pages})
    lines = [f"{'axe violations':<22}" + "".join(f"{one:>5}" for one in languages)]
    for page in pages:
        lines.append(f"{page:<22}" + "".join(f"{by_language[one].get(page, '-'):>5}" for one in languages))
    counts = [count for pages in by_language.values() for count in pages.values()]
    return [*lines, f"{len(counts)} pages looked at, {sum(counts)} violations"]


FILES = {
    "console:sites-csv", "console:statistics-export", "console:invoice-file", "console:invoices-export",
    "console:demands-export", "console:guide-pdf", "console:agenda-feed", "console:public-report-file",
    "console:notice-plain", "console:police-letter", "console:police-tip", "console:fresh", "police:table",
    "police:letter", "police:pack", "console:case-authority", "console:case-statement", "console:step-letter",
    "console:coverage-speed",
}  # fmt: skip
"""Views that answer with a file or a part of a page, not with a page."""


def pages_of_members() -> list[str]:
    """Names of all views of console and police room that answer GET with a page."""
    from efface.accounts import matrix

    return [
        name for name, (_, one) in matrix.routed().items()
        if name.startswith(("console:", "police:")) and name not in FILES and "GET" in _methods(one.callback)
    ]  # fmt: skip


def _methods(view: Any) -> list[str]:
    """What a view lets in, by Django's own decorators; ["GET"] where none says."""
    while view is not None:
        code = getattr(view, "__code__", None)
        for name, cell in zip(code.co_freevars if code else (), getattr(view, "__closure__", None) or (), strict=False):
            if name == "request_method_list":
                return list(cell.cell_contents)
        view = getattr(view, "__wrapped__", None)
    return ["GET"]
