"""What axe found on each page in each language, gathered from all tests of a run, as a table at its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


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
