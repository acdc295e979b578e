"""Marking the pages of a sweep, many sites with one statement: what shows a face is marked where it lies."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from efface.engine.base.leases import Lease
from efface.search import frontier
from efface.sites import registry

UNREADABLE = ("corrupt", "unknown-format")
"""Media that no other reading makes readable."""
# A page that shows a face comes before one that only may.
_MARK = """
    WITH shown AS (
        SELECT met.page_digest AS digest, max(media.faces) AS faces
        FROM search_sighting met JOIN search_media media ON media.id = met.media_id
        WHERE met.site_id = ANY(%(sites)s) AND met.link_digest IS NULL AND media.error <> ALL(%(unreadable)s)
            AND ((%(faces)s AND (media.faces > 0 OR NOT media.faces_seen)) OR (%(others)s AND met.role = 'media'))
        GROUP BY met.page_digest
    ), marked AS (
        UPDATE search_frontier page
        SET due_at = %(now)s, sweep = true,
            priority = least(page.priority, CASE WHEN shown.faces > 0 THEN %(first)s ELSE %(then)s END)
        FROM shown
        WHERE page.digest = shown.digest AND page.wall <> 'stopped'
            AND (page.visited_at IS NULL OR page.visited_at <= %(began)s)
        RETURNING page.site_id
    )
    SELECT site_id, count(*) FROM marked GROUP BY site_id
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is met again: pages that show ``faces``, or may; pages with full media, for all ``others``; none that was
    read since ``began``."""

    faces: bool
    others: bool
    began: datetime


def mark(lease: Lease, visits: Mapping[uuid.UUID, datetime], wanted: Wanted, now: datetime) -> int:
    """Mark the pages of some sites, and have those visited that have any, each at its moment; all or nothing. Returns
    how many pages. Raises ``leases.Lost``."""
    with lease.writing(), connection.cursor() as cursor:
        # Of a table that has just grown the planner may believe that it is empty, and read it whole for every row.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            _MARK,
            {
                "sites": list(visits), "unreadable": list(UNREADABLE), "faces": wanted.faces, "others": wanted.others,
                "now": now, "began": wanted.began, "first": frontier.FACES, "then": frontier.SWEPT,
            },
        )  # fmt: skip
        counted = dict(cursor.fetchall())
        registry.visit_many_soon({site: due for site, due in visits.items() if site in counted})
    return sum(counted.values())
