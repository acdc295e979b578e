"""Every source, and what an organisation configured of it."""

from __future__ import annotations

import uuid
from datetime import datetime

from efface.accounts import audit
from efface.engine.base import settings
from efface.search.models import SourceSetup
from efface.search.sources import hashlists, keyed, onion, partner, reported, reverse, searxng
from efface.search.sources.contract import Setup, Source, SourceRefused, missing

SOURCES: dict[str, Source] = {
    one.contract.name: one
    for one in (
        reported.SOURCE, partner.SOURCE, searxng.SOURCE, keyed.SOURCE, reverse.SOURCE, onion.SOURCE, hashlists.SOURCE,
    )
}  # fmt: skip


def configured(name: str) -> tuple[Setup, SourceSetup | None]:
    """What the organisation of this transaction configured."""
    row = SourceSetup.objects.filter(source=name).first()
    tor = str(settings.get("tor_proxy"))
    if row is None:
        return Setup(tor_proxy=tor), None
    return Setup(row.endpoint, row.key if isinstance(row.key, str) else "", row.terms, tor), row


def configure(
    organisation: uuid.UUID, name: str, given: Setup, a_day: int, on: bool, actor: str, now: datetime
) -> SourceSetup:
    """Write down what a coordinator decided, and into the audit chain, without the key. Raises ``SourceRefused``."""
    source = SOURCES.get(name)
    if source is None or not source.contract.needs:
        raise SourceRefused(f"the sources that can be configured are: {', '.join(configurable())}")
    lacking = [need for need in missing(source.contract, given) if need != "tor_proxy"]
    if on and lacking:
        raise SourceRefused(f"{name} needs {', '.join(lacking)}")
    row = SourceSetup.objects.filter(source=name).first() or SourceSetup(organisation_id=organisation, source=name)
    row.endpoint, row.key, row.terms = given.endpoint[:300], given.key, given.terms[:500]
    row.a_day, row.on, row.set_by, row.set_at = max(0, min(a_day, 1000)), on, actor[:60], now
    row.save()
    audit.record(organisation, actor, f"source.{'on' if on else 'off'}", name, now)
    return row


def configurable() -> list[str]:
    return [name for name, one in SOURCES.items() if one.contract.needs and name != "onion"]
