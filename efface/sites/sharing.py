"""Facts of another organisation, taken in under a key that a coordinator has compared, and withdrawn as a whole.

What others say counts less than what was seen here: their contacts keep their origin and half their confidence, their
types fill gaps, of their judgements only those that make us careful are followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from efface.engine.base.deadlines import set_many
from efface.engine.base.ids import uuid7
from efface.sites import contacts, facts, history, hostility, registry
from efface.sites.facts import Signed
from efface.sites.models import ContactObservation, FactsImport, FactsKey, Site, SiteChange, grams

LESS = 0.5
"""What a confidence of theirs is worth here."""
PART = 500


class NotPinned(ValueError):
    """The key is not known here: its fingerprint has to be compared first."""

    def __init__(self, signed: Signed) -> None:
        super().__init__(
            _("This key is not known here. Ask %(name)s for the fingerprint of their key, by telephone or in person, "
              "and compare: %(print)s") % {"name": signed.name, "print": facts.spoken(signed.fingerprint)}
        )  # fmt: skip
        self.signed = signed


@dataclass(frozen=True, slots=True)
class TakenIn:
    row: FactsImport
    new_sites: int
    kinds: int
    careful: int
    contacts: int


def pin(signed: Signed, said: str, by: str, now: datetime) -> FactsKey:
    """Trust a key from now on; ``said`` is its fingerprint as the other organisation told it. Raises ``NotPinned``
    where it is another."""
    if not facts.same_fingerprint(said, signed.fingerprint):
        raise NotPinned(signed)
    key, _made = FactsKey.objects.get_or_create(
        fingerprint=signed.fingerprint, defaults={"name": signed.name, "pinned_by": by[:60], "pinned_at": now}
    )
    return key


def take_in(signed: Signed, by: str, now: datetime) -> TakenIn:
    """Keep the facts of a file. Raises ``NotPinned``, and ``history.Refused`` for a file that was taken in before."""
    key = FactsKey.objects.filter(fingerprint=signed.fingerprint).first()
    if key is None:
        raise NotPinned(signed)
    with transaction.atomic():
        if FactsImport.objects.filter(digest=signed.digest).exists():
            raise history.Refused(_("This file was taken in before."))
        row = FactsImport.objects.create(
            key=key, digest=signed.digest, batch=uuid7(), by=by[:60], at=now, sites=len(signed.facts),
            contacts=sum(len(one.contacts) for one in signed.facts),
        )  # fmt: skip
        new = kinds = careful = 0
        for start in range(0, len(signed.facts), PART):
            part = signed.facts[start : start + PART]
            new += _new_sites(part, now)
            more = _judgements(part, row, key.name, now)
            kinds, careful = kinds + more[0], careful + more[1]
            _observations(part, row.source, now)
        return TakenIn(row, new, kinds, careful, row.contacts)


def _new_sites(part: tuple[facts.Fact, ...], now: datetime) -> int:
    """Sites nobody here knew wait in the discovery queue."""
    known = set(Site.objects.filter(domain__in=[one.domain for one in part]).values_list("domain", flat=True))
    fresh = [
        Site(
            domain=one.domain, start_url=f"https://{one.domain}/", added_at=now, review=Site.Review.NEW,
            origin="shared", state=Site.State.PAUSED, grams=grams(one.domain),
        )
        for one in part if one.domain not in known
    ]  # fmt: skip
    Site.objects.bulk_create(fresh, ignore_conflicts=True)
    there = Site.objects.filter(domain__in=[one.domain for one in fresh]).values_list("pk", "domain")
    dues = [(pk, registry.soon(domain, now)) for pk, domain in there]
    set_many(registry.LOOKUP, dues, only_new=True)
    return len(fresh)


def _judgements(part: tuple[facts.Fact, ...], row: FactsImport, name: str, now: datetime) -> tuple[int, int]:
    rows = {one.domain: one for one in Site.objects.filter(domain__in=[fact.domain for fact in part])}
    kinds: dict[str, list[Any]] = {}
    words: dict[str, list[Any]] = {}
    for fact in part:
        site = rows.get(fact.domain)
        if site is None:
            continue
        if site.kind == Site.Kind.UNKNOWN and fact.kind != Site.Kind.UNKNOWN:
            kinds.setdefault(fact.kind, []).append(site.pk)
        if site.hostility == Site.Hostility.UNKNOWN and fact.hostility in hostility.NEVER_WRITTEN_TO:
            words.setdefault(fact.hostility, []).append(site.pk)
    said, by = _("said by %(name)s") % {"name": name}, f"shared:{row.key.fingerprint[:8]}"
    for kind, ids in kinds.items():
        history.edit(ids, {"kind": kind}, by, now, why=said, batch=row.batch)
    for word, ids in words.items():
        history.edit(ids, {"hostility": word}, by, now, why=said, how="shared", batch=row.batch)
    return sum(map(len, kinds.values())), sum(map(len, words.values()))


def _observations(part: tuple[facts.Fact, ...], source: str, now: datetime) -> None:
    found: dict[tuple[str, str, str], ContactObservation] = {}
    for fact in part:
        for one in fact.contacts:
            value = contacts.plain(one.channel, one.value)
            found[(one.party, one.channel, value)] = ContactObservation(
                party_key=one.party, role=one.role, channel=one.channel, value=value, source=source,
                confidence=round(one.confidence * LESS, 2), steps=["shared", one.source],
                steps_key=f"shared,{one.source}", first_seen=now, seen_at=now,
            )  # fmt: skip
    ContactObservation.objects.bulk_create(found.values(), ignore_conflicts=True)


def withdraw(row: FactsImport, by: str, now: datetime) -> history.Done:
    """Take a file back as a whole: what it set and nobody changed since becomes what it was, its contacts count no
    more, its sites that still wait are put aside. Raises ``Refused``."""
    with transaction.atomic():
        held = FactsImport.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if held.withdrawn_at is not None:
            raise history.Refused(_("This file was withdrawn already."))
        FactsImport.objects.filter(pk=row.pk).update(withdrawn_at=now)
        done = history.Done(held.batch, 0)
        if SiteChange.objects.filter(batch=held.batch).exists():
            done = history.undo(held.batch, by, now, within=None)
        waiting = Site.objects.filter(origin="shared", review=Site.Review.NEW, added_at=held.at)
        history.edit(list(waiting.values_list("pk", flat=True)), {"review": Site.Review.IGNORED}, by, now,
                     why=_("the file that named it was withdrawn"))  # fmt: skip
        return done
