"""One site for people: who could act, each contact with what it stands on, what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from efface.sites import contacts, learning, ordering
from efface.sites.learning import Learned, Share
from efface.sites.models import ContactObservation, ContactState, Delivery, Site, SiteChange

CHAIN = ("operator", "platform", "host", "cdn", "upstream", "registrar", "registry", "search", "payment", "ads")
"""The order in which a reader meets them: from the page outward."""
MOST_CHANGES = 60


@dataclass(frozen=True, slots=True)
class Line:
    """One contact. ``worth`` (0..1) and ``why`` are those of ``whereabouts.ranking``: by source, agreement, age, how
    mail to it fared and what came of notices."""

    contact: ContactObservation
    delivery: Delivery | None
    provider: str
    learned: Learned
    worth: float
    why: tuple[str, ...]

    @property
    def dead(self) -> bool:
        return self.delivery is not None and self.delivery.state in (ContactState.HARD, ContactState.POLICY)


@dataclass(frozen=True, slots=True)
class Link:
    """One party of the chain."""

    key: str
    role: str
    name: str
    country: str
    covers: tuple[str, ...]
    reasons: tuple[str, ...]
    lines: tuple[Line, ...]


def chain(site: Site, now: datetime) -> list[Link]:
    """Every party of a site's dossier, from the page outward, each with its contacts: alive and well founded first."""
    dossier = site.dossier if isinstance(site.dossier, dict) else {}
    parties = [one for one in dossier.get("parties", []) if isinstance(one, dict) and one.get("key")]
    observed = contacts.current(str(one["key"]) for one in parties)
    every = [row for rows in observed.values() for row in rows]
    placed = {
        (key, one.channel, one.value): (one.score, one.reasons)
        for key, ranking in ordering.of_parties(observed, now).items()
        for one in (*ranking.contacts, *ranking.held_back, *ranking.dead)
    }
    delivery = {
        (row.channel, row.value): row for row in Delivery.objects.filter(value__in={row.value for row in every})
    }
    providers = {(row.channel, row.value): learning.provider(row.channel, row.value) for row in every}
    learned = learning.of_providers({(name, channel) for (channel, _value), name in providers.items()}, now)
    links = []
    for party in parties:
        lines = [
            Line(
                row, delivery.get((row.channel, row.value)), providers[(row.channel, row.value)],
                learned.get((providers[(row.channel, row.value)], row.channel), learning.NOTHING),
                *placed.get((row.party_key, row.channel, row.value), (0.0, ())),
            )
            for row in observed.get(str(party["key"])[:200], [])
        ]  # fmt: skip
        lines.sort(key=lambda one: (one.dead, -one.worth, one.contact.value))
        links.append(
            Link(
                str(party["key"]), str(party.get("role", "")), str(party.get("name", "")),
                str(party.get("country", "")), tuple(map(str, party.get("covers") or ())),
                tuple(map(str, party.get("reasons") or ())), tuple(lines),
            )  # fmt: skip
        )
    place = {role: number for number, role in enumerate(CHAIN)}
    host = str(dossier.get("host", ""))

    def outward(one: Link) -> tuple[int, bool, str]:
        return place.get(one.role, 99), bool(one.covers) and host not in one.covers, one.key

    return sorted(links, key=outward)


def changes(site: Site) -> list[SiteChange]:
    return list(SiteChange.objects.filter(site=site).order_by("-pk")[:MOST_CHANGES])


def words(share: Share) -> str:
    """A share as it may be shown: how many of how many, and between which bounds it may lie."""
    if not share.n:
        return "not tried"
    return f"{share.k} of {share.n} ({round(100 * share.low)} to {round(100 * share.high)} %)"


def as_dict(site: Site, now: datetime) -> dict[str, Any]:
    """For the command line."""
    return {
        "hostility_why": site.hostility_why, "aliases": sorted(site.aliases.values_list("domain", flat=True)),
        "parties": [
            {
                "key": one.key, "role": one.role, "name": one.name, "country": one.country, "covers": list(one.covers),
                "reasons": list(one.reasons),
                "contacts": [
                    {
                        "channel": line.contact.channel, "value": line.contact.value, "source": line.contact.source,
                        "confidence": line.contact.confidence, "worth": round(line.worth, 3),
                        "why": list(line.why),
                        "steps": line.contact.steps, "first_seen": line.contact.first_seen,
                        "seen_at": line.contact.seen_at, "seen": line.contact.seen,
                        "state": line.delivery.state if line.delivery else "untested",
                        "learned": f"removed within 30 days: {words(line.learned.month)}",
                        "replied": {"k": line.learned.replied.k, "n": line.learned.replied.n},
                        "removed_30": {"k": line.learned.month.k, "n": line.learned.month.n,
                                       "low": line.learned.month.low, "high": line.learned.month.high},
                    }
                    for line in one.lines
                ],
            }
            for one in chain(site, now)
        ],
        "changes": [
            {"at": row.at, "what": row.what, "before": row.before, "after": row.after, "by": row.by, "why": row.why}
            for row in changes(site)
        ],
    }  # fmt: skip
