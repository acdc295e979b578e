"""Pages that are another page once more: told by the address that a page says it is known by, believed only as far as
it was seen.

Who runs a hostile site may name one page as the canonical address of all. So nothing is left out for it: a page is a
double where the other page was read lately and shows every full medium that this one shows, the same bytes. It is
then read again more rarely, and compared anew each time; further pages of a form that has only doubles wait behind
others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from efface.net.protocol import Scan
from efface.search import frontier, urls
from efface.search.media import Met
from efface.search.models import Frontier, Sighting

READ_WITHIN = timedelta(days=60)
"""A page that was not read for longer says nothing about another."""
MOST = 60
"""A page that shows more media is no double of anything."""


def other_of(page: Frontier, scan: Scan) -> str:
    """The other address on its own host that a page says it is known by; "" where it names none, or itself. Pure."""
    named = urls.canonical(scan.canonical) if scan.canonical else ""
    if not named or named == page.url or urls.host_of(named) != urls.host_of(str(page.url)):
        return ""
    return "" if urls.refusal(named) else named


def is_double(page: Frontier, scan: Scan, met: Sequence[Met], now: datetime) -> bool:
    """Whether what a page shows stands on the page that it names, all of it. Lists are none: what they link to is what
    they are read for. One query, and none where a page names only itself."""
    named = other_of(page, scan)
    if not named or frontier.is_list(page):
        return False
    ours = {(one.digest, bytes.fromhex(one.sha256)) for one in met if one.link is None and one.sha256}
    full = any(one.link is None and one.ref.role == "media" for one in met)
    if not full or len(ours) > MOST or len(ours) < sum(1 for one in met if one.link is None):
        return False
    there = Sighting.objects.filter(
        page_digest=urls.digest(named), site=page.site_id, last_seen__gte=now - READ_WITHIN,
        media_digest__in=[digest for digest, _ in ours],
    )  # fmt: skip
    return ours <= {(bytes(one), bytes(two)) for one, two in there.values_list("media_digest", "media__sha256")}
