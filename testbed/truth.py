"""``truth.json``: what the score knows and no part of Efface, nor the people a demo plays, may read.

``items`` are the planted copies and ``returns`` the planned reappearances (``becomes`` is an item); an item has
``id``, ``subject``, ``kind`` (exact, recompressed, mirrored,
cropped, screenshot, face; "group" is a bonus that is not counted), ``site``,
``page_urls``, ``media_urls``, ``thumb_urls``, ``canaries`` (hex), ``published_at``, ``also`` (other subjects on it).
``sites`` maps a domain to ``roles``, each with the ``addresses`` and the ``desk`` of that party; ``traps`` are
addresses nobody may write to, with ``why``; ``canaries`` lists all of them.

Beside it stands ``events.jsonl``, appended to while the world runs: one JSON object a line with ``at`` (world time)
and ``event``; see ``state.py`` for the kinds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from efface.net.protocol import to_wire
from testbed.model import Provider, Site, World

TRUTH = "truth.json"
EVENTS = "events.jsonl"
ROLES = ["abuse", "postmaster", "hostmaster", "noc", "security", "legal", "dmca", "webmaster", "contact", "report"]
"""Role mailboxes (RFC 2142 and custom) counted as a company's own."""


def company_addresses(provider: Provider) -> list[str]:
    named = [provider.abuse, provider.stale_abuse, *(f"{role}@{provider.domain}" for role in ROLES)]
    return sorted({address for address in named if address})


def _site(world: World, site: Site) -> dict[str, Any]:
    operator = world.operator(site.operator)
    host = world.provider(site.host)
    registrar = world.registrar(site.registrar)
    own = [f"{role}@{site.domain}" for role in ROLES]
    roles: dict[str, dict[str, Any]] = {
        "operator": {
            "key": operator.key,
            "desk": operator.desk,
            "extortion": operator.extortion,
            "addresses": sorted({address for address in [operator.mailbox, *own] if address}),
        },
        "host": {"key": host.key, "desk": host.desk, "addresses": company_addresses(host)},
        "registrar": {
            "key": registrar.key,
            "desk": registrar.desk,
            "addresses": sorted({registrar.abuse, *(f"{role}@{registrar.domain}" for role in ROLES)}),
        },
    }
    if site.cdn:
        cdn = world.provider(site.cdn)
        roles["cdn"] = {"key": cdn.key, "desk": cdn.desk, "addresses": company_addresses(cdn)}
    if site.media_host:
        media = world.provider(site.media_host)
        roles["media_host"] = {"key": media.key, "desk": media.desk, "addresses": company_addresses(media)}
    if site.next_host:
        later = world.provider(site.next_host)
        roles["next_host"] = {"key": later.key, "desk": later.desk, "addresses": company_addresses(later)}
    upstreams = {world.provider(site.host).upstream} - {""}
    roles["upstream"] = {
        "key": ",".join(sorted(upstreams)),
        "addresses": sorted({address for key in upstreams for address in company_addresses(world.provider(key))}),
    }
    return {
        "domain": site.domain,
        "media_domain": site.media_domain,
        "network": site.network,
        "wall": site.wall,
        "missing": site.missing,
        "roles": roles,
    }


def write(world: World, folder: Path) -> None:
    """Write ``truth.json`` and empty ``events.jsonl``."""
    data = {
        "seed": world.seed,
        "start": world.start,
        "days": world.days,
        "subjects": [to_wire(subject) for subject in world.subjects],
        "items": [to_wire(item) for item in world.items if not item.of],
        "returns": [
            {"item": back.item, "how": back.how, "after_h": back.after_h, "becomes": to_wire(world.item(back.becomes))}
            for back in world.returns
        ],
        "sites": {site.domain: _site(world, site) for site in world.sites},
        "traps": [to_wire(trap) for trap in world.traps]
        + [
            {"address": operator.mailbox, "site": operator.sites[0], "why": "extortion"}
            for operator in world.operators
            if operator.extortion and operator.mailbox
        ],
        "search": {"domain": world.search_domain, "addresses": [f"removals@{world.search_domain}"]},
        "canaries": sorted({mark for item in world.items for mark in item.canaries}),
    }
    (folder / TRUTH).write_text(json.dumps(data, indent=1, ensure_ascii=False), encoding="utf-8")
    (folder / EVENTS).write_text("", encoding="utf-8")
