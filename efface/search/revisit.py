"""When a page and a site are looked at again. Pure: facts in, times out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from efface.engine.base import clock

GRID_H = 6
LONGEST_VISIT_H = 168.0
LONGEST_BACKOFF_H = 168.0
MOST_HARM = 6
"""More findings on a site, or a page, than this do not have it visited sooner."""
WEIGHTS = {"first": 2.0, "usual": 1.0, "last": 1 / 3}
"""How many times as often a site is visited that comes before others, or after them."""
PAGE_DAYS = 14
LONGEST_PAGE_DAYS = 56
DULL_DAYS = 28
"""A page that neither shows pictures nor opened others, and one that is not there."""
LONGEST_DULL_DAYS = 180
WALL_DAYS = 7
MOST_UNCHANGED = 12
LIST_OPENS = 3
"""A page on which at least this many others were first found is a list."""
LISTS = 4
"""So many lists of a site are read on each visit, besides its front page."""
PAGES_A_DAY = 400
"""Most pages of one site fetched in a day, however short its delay."""


def is_list(depth: int, opened: int, pager: bool) -> bool:
    """The front page, a further page of a list (``pager``), or a page on which several others were found."""
    return depth == 0 or pager or opened >= LIST_OPENS


@dataclass(frozen=True, slots=True)
class Again:
    """When a page is due again, and its counters."""

    due: datetime
    unchanged: int
    failures: int


def after_page(
    outcome: str,
    *,
    now: datetime,
    changed: bool,
    dull: bool,
    listed: bool,
    unchanged: int,
    failures: int,
    ever_read: bool,
    double: bool = False,
    harm: int = 0,
) -> Again:
    """``outcome``: "read", "same", "missing", "wall", "moved", "failed", "refused". ``dull``: neither pictures nor
    links worth keeping; ``listed``: it is a list, due at each visit; ``ever_read``: it once was read; ``double``: all
    it shows stands on another page as well; the more ``harm`` was met on it, the sooner it is read again, down to a
    quarter of the time."""
    if outcome in ("read", "same"):
        unchanged = 0 if changed else min(unchanged + 1, MOST_UNCHANGED)
        if listed:
            return Again(now + timedelta(hours=1), unchanged, 0)
        first, most = (DULL_DAYS, LONGEST_DULL_DAYS) if dull else (PAGE_DAYS, LONGEST_PAGE_DAYS)
        days = most if double else min(first * 2.0**unchanged, most)
        return Again(now + timedelta(days=days / (1 + min(harm, MOST_HARM) / 2)), unchanged, 0)
    if outcome == "wall":
        return Again(now + timedelta(days=WALL_DAYS), unchanged, 0)
    if outcome in ("missing", "moved"):
        unchanged = min(unchanged + 1, MOST_UNCHANGED)
        return Again(now + timedelta(days=min(DULL_DAYS * 2.0 ** (unchanged - 1), LONGEST_DULL_DAYS)), unchanged, 0)
    failures = min(failures + 1, 12)
    if outcome == "refused":
        return Again(now + timedelta(days=LONGEST_DULL_DAYS), unchanged, failures)
    # A page that was there before is likely to be there again soon; one that never answered hardly ever will.
    days = 2.0 ** (failures - 1) if ever_read else 2 * 4.0 ** (failures - 1)
    return Again(now + timedelta(days=min(days, LONGEST_DULL_DAYS)), unchanged, failures)


@dataclass(frozen=True, slots=True)
class NextVisit:
    due: datetime
    hours: float
    quiet: int


def after_visit(
    *,
    now: datetime,
    changed: bool,
    more_due: bool,
    hours: float,
    quiet: int,
    base_h: float,
    harm: int = 0,
    priority: str = "usual",
) -> NextVisit:
    """A site that changed is visited again after ``base_h`` hours; each quiet visit doubles the wait up to seven days;
    one that has pages left to read is visited at the next step of the grid. The more ``harm`` was met on a site
    (findings, returns twice), the sooner it is visited, down to a quarter of both; ``priority`` is what a person said
    of it (``WEIGHTS``)."""
    asked = WEIGHTS.get(priority, 1.0)
    weight = (1 + min(harm, MOST_HARM) / 2) * asked
    base_h, longest = max(GRID_H, base_h / weight), max(base_h, LONGEST_VISIT_H / weight)
    if changed:
        hours, quiet = base_h, 0
    elif not more_due:
        hours, quiet = min(max(hours, base_h) * 2, longest), quiet + 1
    wait = max(GRID_H, GRID_H / asked) if more_due else hours
    # A moment on the grid stays where it is, so "at the next step" is never "now".
    return NextVisit(clock.align(now + timedelta(hours=wait), hours=GRID_H), hours, quiet)


def after_failure(*, now: datetime, failures: int, retry_after_s: float = 0.0) -> datetime:
    """When a site that did not answer, or asked us to slow down, is tried again. ``failures`` counts this one."""
    hours = max(
        min(GRID_H * 2.0 ** min(failures - 1, 12), LONGEST_BACKOFF_H), min(retry_after_s / 3600, LONGEST_BACKOFF_H)
    )
    return clock.align(now + timedelta(hours=hours), hours=GRID_H)


def budget(*, pages_a_visit: int, day_pages: int, delay_s: float) -> int:
    """Pages of one visit: the setting, and never more than what the day still allows at this delay."""
    a_day = int(min(PAGES_A_DAY, 86400 / delay_s if delay_s > 0 else PAGES_A_DAY))
    return max(0, min(pages_a_visit, a_day - day_pages))
