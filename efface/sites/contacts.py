"""Who can be written to, as sources said it and as mail to them fared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from django.db.models import F

from efface.sites import registry
from efface.sites.models import ContactObservation, ContactState, Delivery, Site
from efface.whereabouts.model import Contact, Dossier, Party

_SOFTER = {ContactState.UNTESTED: 0, ContactState.ACCEPTED: 1, ContactState.ACKNOWLEDGED: 2, ContactState.REPLIED: 3,
           ContactState.COMPLIED: 4}  # fmt: skip
_COUNTERS = {
    ContactState.ACCEPTED: "sent",
    ContactState.SOFT: "bounced",
    ContactState.HARD: "bounced",
    ContactState.FULL: "bounced",
    ContactState.POLICY: "bounced",
    ContactState.ACKNOWLEDGED: "replied",
    ContactState.REPLIED: "replied",
    ContactState.COMPLIED: "complied",
}


def plain(channel: str, value: str) -> str:
    """The value under which a contact is known: mail addresses in lower case; forms without query and fragment, which
    may name what was looked for."""
    value = value.strip()
    if channel == "email":
        return value.lower()[:500]
    if channel in ("form", "api"):
        parts = urlsplit(value)
        return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path, "", ""))[:500]
    return value[:500]


def observe(dossier: Dossier, now: datetime) -> int:
    """Keep what a dossier says of parties and their contacts, and on its site what is known of who stands behind it.
    Returns how many contacts were new."""
    wanted: dict[tuple[str, str, str, str], tuple[Party, Contact]] = {}
    for party in dossier.parties:
        for contact in party.contacts:
            key = (party.key[:200], contact.channel[:8], plain(contact.channel, contact.value), contact.source[:60])
            wanted[key] = (party, contact)
    rows = [
        ContactObservation(
            party_key=key[0], role=party.role, channel=key[1], value=key[2], source=key[3],
            confidence=contact.confidence, steps=list(contact.steps)[:10], first_seen=now, seen_at=now,
        )
        for key, (party, contact) in sorted(wanted.items())
    ]  # fmt: skip
    before = set(
        ContactObservation.objects.filter(party_key__in={key[0] for key in wanted}).values_list(
            "party_key", "channel", "value", "source"
        )
    )
    ContactObservation.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["party_key", "channel", "value", "source"],
        update_fields=["seen_at", "confidence", "role", "steps"],
    )
    domain = registry.registered_domain(dossier.host) or dossier.domain
    Site.objects.filter(domain=domain).update(looked_up_at=now, dossier=_kept(dossier))
    return len(set(wanted) - before)


def _kept(dossier: Dossier) -> dict[str, object]:
    """The dossier without the page it was made for, and without where its sources stand."""
    data = asdict(dossier)
    data.pop("url")
    data.pop("place")
    for party in [*data["parties"], *data["beside"]]:
        for contact in party["contacts"]:
            contact["value"] = plain(contact["channel"], contact["value"])
            contact.pop("source_url")
    return data


def known(party_key: str) -> list[ContactObservation]:
    """What was ever observed of a party's contacts, the best founded first."""
    return list(ContactObservation.objects.filter(party_key=party_key).order_by("-confidence", "-seen_at"))


def next_state(before: str, news: str) -> str:
    """The state of an address after news of it. A bounce always counts, and so does mail that is answered after one;
    silence says nothing of an address that once complied or is dead; a milder success never hides a better one."""
    if news in _SOFTER and before in _SOFTER:
        return max(before, news, key=lambda state: _SOFTER[ContactState(state)])
    if news == ContactState.ACCEPTED:
        # Servers of dead mailboxes accept and bounce later: acceptance alone does not bring an address back.
        return before
    if news == ContactState.SILENT and before in (
        ContactState.REPLIED, ContactState.COMPLIED, ContactState.HARD, ContactState.POLICY,
    ):  # fmt: skip
        return before
    if news == ContactState.SOFT and before in (ContactState.HARD, ContactState.POLICY):
        return before
    return news


def delivery(channel: str, value: str, state: str, now: datetime) -> str:
    """Note how an address behaved and return its state now. Raises ``ValueError`` for an unknown state."""
    if state not in ContactState.values:
        raise ValueError(f"state must be one of {', '.join(ContactState.values)}")
    Delivery.objects.get_or_create(channel=channel, value=plain(channel, value), defaults={"at": now})
    row = Delivery.objects.select_for_update().get(channel=channel, value=plain(channel, value))
    row.state, row.at = next_state(row.state, state), now
    row.save(update_fields=["state", "at"])
    counter = _COUNTERS.get(ContactState(state))
    if counter:
        Delivery.objects.filter(pk=row.pk).update(**{counter: F(counter) + 1})
    return row.state


def states(values: Iterable[tuple[str, str]] | None = None) -> dict[tuple[str, str], str]:
    """(channel, plain value) to state: of these contacts, or of all that were ever tried."""
    rows = Delivery.objects.all()
    if values is not None:
        wanted = {(channel, plain(channel, value)) for channel, value in values}
        rows = rows.filter(value__in={value for _channel, value in wanted})
        return {key: state for key, state in _pairs(rows) if key in wanted}
    return dict(_pairs(rows))


def _pairs(rows: object) -> list[tuple[tuple[str, str], str]]:
    return [((channel, value), state) for channel, value, state in rows.values_list("channel", "value", "state")]  # type: ignore[attr-defined]
