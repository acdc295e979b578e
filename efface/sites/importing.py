"""Lists of sites from elsewhere, taken in by parts: what is known already is left as it is, so that a list that was
interrupted is simply given again."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from efface.engine.base.deadlines import set_many
from efface.net.sitelist import MOST_PROBLEMS, Problem, SiteList
from efface.sites import registry
from efface.sites.models import Site, grams

PART = 500
"""Sites in one transaction."""
BETWEEN = timedelta(seconds=15)
"""Between the first visits, and the first look-ups, of two sites of one list."""

#: Words of other people's lists -> ours.
_KINDS = {
    "video": "tube", "tube site": "tube", "tube_site": "tube", "porn": "tube", "board": "forum", "ugc_forum": "forum",
    "leaks": "leak_board", "leak": "leak_board", "leak board": "leak_board", "ncii_dedicated": "leak_board",
    "chan": "imageboard", "image board": "imageboard", "filehost": "file_host", "file host": "file_host",
    "host": "file_host", "image_or_file_host": "file_host", "telegram": "messenger", "messenger channel": "messenger",
    "messenger_channel": "messenger", "social media": "social", "search engine": "search", "search_engine": "search",
}  # fmt: skip
_HOSTILITY = {
    "pays-for-removal trap": "extortionate", "pays for removal": "extortionate", "extortion": "extortionate",
    "paid removal": "extortionate", "publishes notices": "publishes", "doxes": "doxxes", "friendly": "cooperative",
}  # fmt: skip


@dataclass(slots=True)
class Report:
    """What became of a list. ``known`` were there already; ``doubles`` stand in it more than once; ``bad`` counts the
    lines that name no site, ``problems`` tells of the first of them."""

    form: str = ""
    encoding: str = ""
    lines: int = 0
    added: int = 0
    known: int = 0
    doubles: int = 0
    bad: int = 0
    problems: list[Problem] = field(default_factory=list)
    lookalikes: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0
    dry_run: bool = False

    def as_dict(self) -> dict[str, object]:
        return {
            "form": self.form, "encoding": self.encoding, "lines": self.lines, "added": self.added,
            "known": self.known, "doubles": self.doubles, "bad": self.bad,
            "problems": [{"line": one.line, "why": one.why} for one in self.problems],
            "lookalikes": [{"domain": domain, "reads_as": reads} for domain, reads in self.lookalikes],
            "seconds": round(self.seconds, 2), "dry_run": self.dry_run,
        }  # fmt: skip


def take_in(
    found: SiteList,
    by: str,
    now: datetime,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Add the sites of a list. Each part of it is a transaction of its own, unless the caller has one open."""
    began = time.monotonic()
    report = Report(found.form, found.encoding, len(found.rows) + found.bad, bad=found.bad,
                    problems=list(found.problems), dry_run=dry_run)  # fmt: skip
    wanted = _sites(found, report, now)
    done = 0
    for start in range(0, len(wanted), PART):
        part = wanted[start : start + PART]
        with transaction.atomic():
            known = set(Site.objects.filter(domain__in=[one.domain for one in part]).values_list("domain", flat=True))
            fresh = [one for one in part if one.domain not in known]
            report.known += len(part) - len(fresh)
            report.added += len(fresh)
            if not dry_run and fresh:
                _write(fresh, start, now)
        done += len(part)
        if progress is not None:
            progress(done, len(wanted))
    report.problems.sort(key=lambda one: one.line)
    report.seconds = time.monotonic() - began
    return report


def _sites(found: SiteList, report: Report, now: datetime) -> list[Site]:
    seen: dict[str, Site] = {}
    for row in found.rows:
        try:
            domain, start = registry.parse(row.address)
        except (registry.NotASite, UnicodeError) as error:
            report.bad += 1
            if len(report.problems) < MOST_PROBLEMS:
                report.problems.append(Problem(row.line, f"{error} ({_shown(row.address)})"))
            continue
        if domain in seen:
            report.doubles += 1
            continue
        if len(start) > 500:
            start = f"https://{domain}/"
        reads = registry.reads_as(domain)
        if reads != domain and len(report.lookalikes) < 100:
            report.lookalikes.append((domain, reads))
        seen[domain] = Site(
            domain=domain, start_url=start, added_at=now, origin="import", grams=grams(domain),
            kind=_word(row.kind, _KINDS, Site.Kind.values, Site.Kind.UNKNOWN),
            country=row.country.upper() if len(row.country) == 2 and row.country.isascii() else "",
            hostility=_word(row.hostility, _HOSTILITY, Site.Hostility.values, Site.Hostility.UNKNOWN),
        )  # fmt: skip
        if seen[domain].hostility != Site.Hostility.UNKNOWN:
            seen[domain].hostility_why, seen[domain].hostility_how = _("said in an imported list"), "person"
    return list(seen.values())


def _word(given: str, others: dict[str, str], ours: list[str], otherwise: str) -> str:
    plain = given.strip().casefold()
    return plain if plain in ours else others.get(plain, others.get(plain.replace("-", " "), otherwise))


def _shown(text: str) -> str:
    return "".join(one for one in text if unicodedata.category(one)[0] != "C")[:60]


_DIFFER = ("id", "domain", "start_url", "kind", "country", "hostility", "hostility_why", "hostility_how")
"""Columns in which the rows of a list differ, beside ``grams``; in the others they are all like the first."""


def _insert(rows: list[Site]) -> None:
    """One statement with a list for each column that differs: five times faster than a parameter for every cell.
    Whoever else adds the same domain at this moment has added it."""
    fields = {field.attname: field for field in Site._meta.concrete_fields}
    alike = [name for name in fields if name not in (*_DIFFER, "grams")]
    table, quote = Site._meta.db_table, connection.ops.quote_name
    columns = ", ".join(quote(str(fields[name].column)) for name in (*_DIFFER, "grams", *alike))
    given = ", ".join(f"%s::{'uuid' if name == 'id' else 'text'}[]" for name in (*_DIFFER, "grams"))
    same = "".join(f", %s::{fields[name].db_type(connection)}" for name in alike)
    # Only names of our own columns stand in the text.
    sql = (
        f"INSERT INTO {quote(table)} ({columns}) "  # noqa: S608
        f"SELECT {', '.join(f'u.c{place}' for place in range(len(_DIFFER)))}, string_to_array(u.g, ' '){same} "
        f"FROM unnest({given}) AS u({', '.join(f'c{place}' for place in range(len(_DIFFER)))}, g) "
        "ON CONFLICT DO NOTHING"
    )
    cells: list[Any] = [fields[name].get_db_prep_save(getattr(rows[0], name), connection) for name in alike]
    lists: list[Any] = [[getattr(row, name) for row in rows] for name in _DIFFER]
    lists.append([" ".join(row.grams) for row in rows])
    with connection.cursor() as cursor:
        cursor.execute(sql, [*cells, *lists])


def _write(rows: list[Site], place: int, now: datetime) -> None:
    _insert(rows)
    there = dict(Site.objects.filter(domain__in=[one.domain for one in rows]).values_list("domain", "pk"))
    dues = [(there[one.domain], now + BETWEEN * (place + n)) for n, one in enumerate(rows) if one.domain in there]
    set_many(registry.VISIT, dues, only_new=True)
    set_many(registry.LOOKUP, dues, only_new=True)
