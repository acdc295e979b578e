"""Who stands behind a site is asked again by deadline; what changed becomes history, and whoever listens hears of it.

An answer ages: half of what it says is doubted after ``HALF_LIFE``, and then it is asked again; sooner where something
open depends on it.
"""

from __future__ import annotations

import logging
import uuid
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from efface.engine.base.models import Deadline
from efface.sites import history, registry
from efface.sites.models import Site
from efface.whereabouts.model import Dossier

log = logging.getLogger(__name__)
HALF_LIFE = timedelta(days=30)
DEPENDED_ON = timedelta(days=3)
"""While something open stands on the answer."""
DEPENDED_FOR = timedelta(days=14)
NO_ANSWER = timedelta(hours=6)
APART = timedelta(hours=6)
"""A move is believed of two look-ups at least so far apart that agree; some sites answer from many hosts in turn."""
SPREAD = 0.2
PARTIES = ("host", "cdn", "registrar")
"""Roles whose change is history."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A role is filled by others than before. ``before`` and ``after`` are party keys."""

    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]


Listener = Callable[[Site, tuple[Moved, ...], datetime], None]
_listeners: list[Listener] = []


def on_looked(listener: Listener) -> Listener:
    """Register who hears of every look-up: the site, and what moved (nothing, most often). Called in the transaction
    that keeps the answer; slow work is deferred."""
    _listeners.append(listener)
    return listener


def again(domain: str, now: datetime, *, depended_on: bool = False, failed: bool = False) -> datetime:
    """When a site is looked up next: up to a fifth earlier or later, always the same for a domain, so that sites that
    came together do not go together."""
    wait = NO_ANSWER if failed else DEPENDED_ON if depended_on else HALF_LIFE
    part = (zlib.crc32(domain.encode()) % 1000) / 999 * 2 - 1
    return now + wait * (1 + SPREAD * part)


def moved(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[Moved, ...]:
    """What changed between two kept dossiers of one host. Of a look-up that failed in parts nothing is believed to have
    gone, and of the hosts only those count that serve the page's own host: pictures may stand anywhere."""
    if not before or _bare(before) != _bare(after) or after.get("partial"):
        return ()
    changes = []
    for what in PARTIES:
        old, new = _filled(before, what), _filled(after, what)
        # Nobody known before is no change of hands.
        if old and old != new:
            changes.append(Moved(what, old, new))
    return tuple(changes)


def _bare(dossier: Mapping[str, Any]) -> str:
    """The page's host; a site looked up with and without "www." is one site."""
    return str(dossier.get("host", "")).lower().removeprefix("www.")


def believed(waiting: Any, changes: tuple[Moved, ...], now: datetime) -> bool:
    """Whether a change was seen the same way before (``waiting``, as ``_noted`` wrote it), and long enough ago."""
    if not isinstance(waiting, dict) or waiting.get("after") != _noted(changes, now)["after"]:
        return False
    return now - datetime.fromisoformat(str(waiting.get("at"))) >= APART


def _noted(changes: tuple[Moved, ...], now: datetime) -> dict[str, Any]:
    return {"at": now.isoformat(), "after": {one.what: list(one.after) for one in changes}}


def _filled(dossier: Mapping[str, Any], role: str) -> tuple[str, ...]:
    host, keys = str(dossier.get("host", "")), set()
    parties = dossier.get("parties")
    for party in parties if isinstance(parties, list) else ():
        if isinstance(party, dict) and party.get("role") == role and party.get("key"):
            covers = party.get("covers") or []
            if role == "registrar" or not covers or host in covers:
                keys.add(str(party["key"]))
    return tuple(sorted(keys))


def _covered(dossier: Dossier) -> bool:
    """Somebody who could act can be written to."""
    return any(party.role in ("operator", "host", "cdn", "registrar") and any(
        one.channel in ("email", "form") and one.confidence >= 0.1 for one in party.contacts
    ) for party in dossier.parties)  # fmt: skip


def keep(domain: str, dossier: Dossier, kept: dict[str, Any], by: str, now: datetime) -> tuple[Moved, ...]:
    """Write the answer on its site, and what changed into its history."""
    with transaction.atomic():
        site = Site.objects.select_for_update(of=("self",)).filter(domain=domain).first()
        if site is None:
            return ()
        seen = moved(site.dossier if isinstance(site.dossier, dict) else None, kept)
        changes = seen if believed(site.moving, seen, now) else ()
        waits = bool(seen) and not changes
        if waits and (site.moving or {}).get("after") != _noted(seen, now)["after"]:
            site.moving = _noted(seen, now)
        elif not waits and not dossier.partial:
            site.moving = None
        # What failed this time is not known to be gone, and what one look-up alone saw is not believed yet: what was
        # known stays what the next is compared with.
        if not waits and (not dossier.partial or site.dossier is None or not site.dossier.get("parties")):
            site.dossier = kept
        site.looked_up_at, site.covered = now, _covered(dossier)
        site.save(update_fields=["dossier", "moving", "looked_up_at", "covered"])
        for one in changes:
            history.record(site, one.what, list(one.before), list(one.after), by, now)
        depended_on = site.depended_until is not None and site.depended_until > now
        due = again(domain, now, depended_on=depended_on)
        registry.lookup_at(site.pk, min(due, now + APART) if waits else due)
        for listener in _listeners:
            listener(site, changes, now)
    return changes


def depend(site: uuid.UUID, domain: str, now: datetime) -> None:
    """Something open stands on what is known of this site: for a while it is asked again sooner."""
    Site.objects.filter(pk=site).update(depended_until=now + DEPENDED_FOR)
    due = again(domain, now, depended_on=True)
    waiting = Deadline.objects.filter(kind=registry.LOOKUP, subject=site, state=Deadline.State.WAITING).first()
    if waiting is None or waiting.due > due:
        registry.lookup_at(site, due)
