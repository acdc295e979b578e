"""Marking the pages of a sweep, many sites at a time: what shows a face is marked where it lies.

Every row is met by its key, whatever the database believes of its tables. The planner's statistics are of the last time
it looked; of a table that was empty then, and has grown since, it expects one row at most, and all ways to it seem
alike: it may read the table along any index, once for every page. So each step into a table is a subquery of its own
(``OFFSET 0`` keeps it one), in which only one index can answer; a statement marks a bounded number of pages; and one
that takes too long all the same ends with an error (``TooSlow``), with its transaction.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled

from efface.engine.base.leases import Lease
from efface.search import frontier
from efface.sites import registry

UNREADABLE = ("corrupt", "unknown-format")
"""Media that no other reading makes readable."""
AT_ONCE = 2000
"""Pages marked with one statement."""
MOST_S = 60
"""Seconds one statement may take; twenty sites of usual size take some tens of milliseconds."""
# A page that shows a face comes before one that only may. What is marked already stays as it is, and is counted.
_SHOWN = """
    SELECT page.id, page.site_id, shown.faces > 0,
        page.sweep AND page.due_at <= %(now)s
            AND page.priority <= CASE WHEN shown.faces > 0 THEN %(first)s ELSE %(then)s END
    FROM (
        SELECT met.page_digest AS digest, max(media.faces) AS faces
        FROM unnest(%(sites)s) AS wanted (site)
        CROSS JOIN LATERAL (
            SELECT page_digest, media_id, role FROM search_sighting
            WHERE site_id = wanted.site AND link_digest IS NULL OFFSET 0
        ) met
        CROSS JOIN LATERAL (
            SELECT faces, faces_seen, error FROM search_media WHERE id = met.media_id OFFSET 0
        ) media
        WHERE media.error <> ALL(%(unreadable)s)
            AND ((%(faces)s AND (media.faces > 0 OR NOT media.faces_seen)) OR (%(others)s AND met.role = 'media'))
        GROUP BY met.page_digest
    ) shown
    CROSS JOIN LATERAL (
        SELECT id, site_id, sweep, due_at, priority, wall, visited_at FROM search_frontier
        WHERE digest = shown.digest OFFSET 0
    ) page
    WHERE page.wall <> 'stopped' AND (page.visited_at IS NULL OR page.visited_at <= %(began)s)
"""
# Asked once more, for it may have been read, or its site stopped, in the meantime; in words that no index knows.
_MARK = """
    UPDATE search_frontier SET due_at = %(now)s, sweep = true, priority = least(priority, %(priority)s)
    WHERE id = ANY(%(pages)s) AND wall <> 'stopped' AND coalesce(visited_at, '-infinity') <= %(began)s
    RETURNING site_id
"""


class TooSlow(Exception):
    """A statement was given up: nothing of its sites was marked."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is met again: pages that show ``faces``, or may; pages with full media, for all ``others``; none that was
    read since ``began``."""

    faces: bool
    others: bool
    began: datetime


def mark(lease: Lease, visits: Mapping[uuid.UUID, datetime], wanted: Wanted, now: datetime) -> int:
    """Mark the pages of some sites, and have those visited that have any, each at its moment; all or nothing. Returns
    how many pages. Raises ``leases.Lost`` and ``TooSlow``."""
    try:
        with lease.writing(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{MOST_S * 1000:.0f}ms"])
            counted = _mark(cursor, list(visits), wanted, now)
            registry.visit_many_soon({site: due for site, due in visits.items() if site in counted})
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow(f"{len(visits)} sites") from error
        raise
    return counted.total()


def _mark(cursor: Any, sites: list[uuid.UUID], wanted: Wanted, now: datetime) -> Counter[uuid.UUID]:
    """Pages of each site that are marked now."""
    given = {"now": now, "began": wanted.began, "first": frontier.FACES, "then": frontier.SWEPT}
    asked = {"sites": sites, "unreadable": list(UNREADABLE), "faces": wanted.faces, "others": wanted.others}
    cursor.execute(_SHOWN, given | asked)
    counted: Counter[uuid.UUID] = Counter()
    pages: dict[int, list[uuid.UUID]] = {frontier.FACES: [], frontier.SWEPT: []}
    for page, site, shows_faces, marked in cursor.fetchall():
        if marked:
            counted[site] += 1
        else:
            pages[frontier.FACES if shows_faces else frontier.SWEPT].append(page)
    for priority, some in pages.items():
        for chunk in _chunks(some):
            cursor.execute(_MARK, given | {"priority": priority, "pages": chunk})
            counted.update(row[0] for row in cursor.fetchall())
    return counted


def _chunks(pages: Sequence[uuid.UUID]) -> list[list[uuid.UUID]]:
    # In one order, so that two sweeps that mark the same pages do not wait for each other.
    ordered = sorted(pages)
    return [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]
