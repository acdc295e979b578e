"""What a site teaches about itself: parameters that change nothing, pages that only a browser can show."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from efface.engine.base import statements
from efface.net.protocol import Scan
from efface.search import urls
from efface.search.models import Frontier, SiteLore

Verdict = Literal["", "drop", "keep"]
SURE = 3
"""So many pages must be the same without a parameter before it is left out everywhere; one that differs keeps it."""
PROBES_A_VISIT = 2
SERIES = 6
"""So many values of a parameter are met before it is worth a question."""
RENDER_AFTER = 2
"""Pages in a row that only a browser could show, after which it is asked for every page of the site."""
FACES, SWEPT = 35, 36
"""Priorities of pages that are swept (``frontier``)."""
_KNOWN_KEYS = frozenset({"page", "paged", "pg", "offset", "start", "p"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What two readings of a page are compared by: its title, its media and its links, none of them with the parameter
    in question."""

    title: str
    media: frozenset[str]
    links: frozenset[str]


def of(site: uuid.UUID) -> SiteLore:
    found = statements.read(SiteLore, _OF_SITE, [site])
    if found:
        return found[0]
    made = SiteLore(site_id=site)
    return made if statements.insert([made]) else statements.read(SiteLore, _OF_SITE, [site])[0]


_OF_SITE = "WHERE site_id = %s"


def verdict(seen: Mapping[str, list[int]], key: str) -> Verdict:
    """What is known of a parameter: [pages that were the same without it, pages that were not]. Pure."""
    same, different = (seen.get(key) or [0, 0])[:2]
    if different:
        return "keep"
    return "drop" if same >= SURE else ""


def dropped(lore: SiteLore) -> frozenset[str]:
    """Parameters that change nothing on this site."""
    return frozenset(key for key in lore.parameters if verdict(lore.parameters, key) == "drop")


def without(url: str, keys: Iterable[str]) -> str:
    """``url`` without these parameters. Pure."""
    parts = urlsplit(url)
    unwanted = set(keys)
    if not parts.query or not unwanted:
        return url
    given = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(key, value) for key, value in given if key not in unwanted]
    if len(kept) == len(given):
        return url
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))


def questions(lore: SiteLore, url: str) -> list[str]:
    """Parameters of ``url`` of which it is not known whether they matter, longest value first: ids of sessions are
    long."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    open_ = [(key, value) for key, value in pairs if key not in _KNOWN_KEYS and not verdict(lore.parameters, key)]
    return [key for key, _ in sorted(open_, key=lambda pair: -len(pair[1]))]


def shown(scan: Scan, key: str) -> Shown:
    """Pure."""
    refs = [one.ref.url for one in scan.media] + [ref.url for ref in scan.skipped]
    links = frozenset(without(urls.canonical(link) or link, [key]) for link in scan.links)
    return Shown(scan.title, frozenset(without(url, [key]) for url in refs), links)


def is_same(one: Shown, other: Shown) -> bool:
    """Whether two readings show the same: title, media, and nearly all links (counters and suggestions move). Pure."""
    if one.title != other.title or one.media != other.media:
        return False
    both = one.links | other.links
    return not both or len(one.links & other.links) >= 0.9 * len(both)


def learn(lore: SiteLore, key: str, same: bool) -> Verdict:
    """Write down what came of a question. The verdict that now stands."""
    entry = list(lore.parameters.get(key) or [0, 0])
    entry[0 if same else 1] += 1
    lore.parameters = {**lore.parameters, key: entry}
    lore.save(update_fields=["parameters"])
    return verdict(lore.parameters, key)


def browser(lore: SiteLore) -> Literal["if-needed", "always"]:
    """Whether every page of the site is shown to a browser from the start."""
    return "always" if lore.scripted >= RENDER_AFTER and not lore.unseen else "if-needed"


def note_scripts(lore: SiteLore, scan: Scan) -> None:
    """Remember whether only a browser could show the page, and whether there was one."""
    before = (lore.scripted, lore.unseen)
    if scan.rendered:
        lore.scripted, lore.unseen = min(lore.scripted + 1, 30000), 0
    elif scan.scripted:
        lore.scripted, lore.unseen = min(lore.scripted + 1, 30000), min(lore.unseen + 1, 30000)
    elif scan.facts.status == 200 and not scan.not_modified:
        lore.scripted = 0
    if (lore.scripted, lore.unseen) != before:
        lore.save(update_fields=["scripted", "unseen"])


def sweep_had_its_share(lore: SiteLore, visit: int) -> bool:
    """Whether this visit read more pages for a sweep than new ones: then what is new has its turn."""
    return lore.balance_of == visit and lore.balance > 0


def note_share(lore: SiteLore, visit: int, page: Frontier) -> bool:
    """Count a page that was read; lists and what was asked for are nobody's share. Whether the sweep has had its own
    now."""
    if page.priority < FACES:
        return sweep_had_its_share(lore, visit)
    before = (lore.balance, lore.balance_of)
    swept = page.sweep and page.priority <= SWEPT
    balance = lore.balance if lore.balance_of == visit else 0
    lore.balance, lore.balance_of = max(0, balance + (1 if swept else -1)), visit
    if (lore.balance, lore.balance_of) != before and (swept or before[0]):
        lore.save(update_fields=["balance", "balance_of"])
    return sweep_had_its_share(lore, visit)
