"""What organisations tell each other of sites: signed, impersonal, worth less than what was seen here, revocable."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from efface.sites import contacts, facts, history, hostility, registry, sharing
from efface.sites.models import FactsImport, FactsKey, Site
from efface.whereabouts.model import Contact, Dossier, Party

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PRINT = facts.fingerprint(facts.public_bytes(KEY.public_key()))


def known(now: datetime) -> Site:
    site = registry.register("a.example", now)
    people = [
        Contact("email", "abuse@host.example", "rdap", confidence=0.8),
        Contact("email", "john.doe@host.example", "rdap", confidence=0.9),
        Contact("form", "https://host.example/report-abuse", "playbook:x", confidence=0.9),
        Contact("form", "https://host.example/u/subject-a-leaked", "page", confidence=0.9),
        Contact("phone", "+49 30 1", "rdap", confidence=0.9),
    ]
    contacts.observe(Dossier("http://a.example/p/her-name", "a.example", "a.example",
                             parties=[Party("host", "host:AS1", "Jane's Hosting", covers=["a.example"], contacts=people,
                                            reasons=["Subject A said so"])]), now)  # fmt: skip
    hostility.declare(site, "publishes", "showed the notice about Subject A", "lead:17", now)
    site.refresh_from_db()
    return site


@pytest.mark.django_db
def test_a_file_tells_of_desks_and_of_nobody(now: datetime) -> None:
    known(now)
    data = facts.sign("Example Helpline", KEY, facts.gather(now), now)
    for secret in (b"john", b"doe", b"Subject", b"subject-a", b"her-name", b"Jane", b"+49", b"lead:17"):
        assert secret not in data, secret
    signed = facts.read(data)
    assert (signed.name, signed.fingerprint) == ("Example Helpline", PRINT)
    (fact,) = signed.facts
    assert (fact.domain, fact.hostility, fact.reason) == ("a.example", "publishes", "person")
    assert {one.value for one in fact.contacts} == {"abuse@host.example", "https://host.example/report-abuse"}
    assert {one.source for one in fact.contacts} == {"rdap", "playbook"}


@pytest.mark.django_db
def test_what_waits_and_what_others_told_is_not_told_on(now: datetime) -> None:
    registry.discover("new.example", "link", now)
    site = known(now)
    Site.objects.filter(pk=site.pk).update(hostility_how="shared")
    contacts.note("host:AS1", "host", "email", "legal@host.example", "shared:abc:def", 0.4, now)
    (fact,) = facts.gather(now)
    assert (fact.domain, fact.hostility, fact.reason) == ("a.example", "unknown", "")
    assert "legal@host.example" not in {one.value for one in fact.contacts}


def file(**change: Any) -> bytes:
    contact = {"party": "host:AS1", "role": "host", "channel": "email", "value": "abuse@host.example", "source": "rdap",
               "confidence": 0.8, "first_seen": "2026-01-01", "last_seen": "2026-02-01", "state": "replied", "sent": 4,
               "delivered": 4, "replied": 2}  # fmt: skip
    site = {"domain": "a.example", "type": "tube", "hostility": "doxxes", "reason": "person",
            "contacts": [contact | change.pop("contact", {})]}  # fmt: skip
    body = {"efface": "site-facts", "version": 1, "organisation": "Other", "made": "2026-03-01",
            "key": base64.b64encode(facts.public_bytes(KEY.public_key())).decode(),
            "sites": [site | change.pop("site", {})]} | change  # fmt: skip
    body["signature"] = base64.b64encode(KEY.sign(facts._canonical(body))).decode()
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", b"[" * 100_000, b'{"efface": "site-facts", "version": 1}', file(version=2), file(sites={}),
        file(site={"domain": "http://a.example"}), file(site={"domain": "127.0.0.1"}), file(site={"type": "x"}),
        file(site={"hostility": "x"}), file(site={"reason": "because"}), file(site={"contacts": [3]}),
        file(contact={"value": "john.doe@host.example"}), file(contact={"value": "abuse@x\n.example"}),
        file(contact={"confidence": 2}), file(contact={"confidence": True}), file(contact={"sent": -1}),
        file(contact={"party": "named:a.example:x"}), file(contact={"role": "survivor"}),
        file(contact={"state": "great"}), file(contact={"source": "Subject A"}),
        file(contact={"channel": "form", "value": "javascript:abuse"}),
    ],
)  # fmt: skip
def test_whatever_is_not_as_it_should_be_is_refused(data: bytes) -> None:
    with pytest.raises(facts.FactsError):
        facts.read(data)


def test_one_changed_letter_and_the_signature_does_not_hold() -> None:
    data = file()
    assert facts.read(data).facts[0].hostility == "doxxes"
    for old, new in ((b"doxxes", b"hostil"), (b"a.example", b"b.example"), (b"0.8", b"0.9")):
        with pytest.raises(facts.FactsError, match="signature"):
            facts.read(data.replace(old, new))
    body = json.loads(data)
    body["key"] = base64.b64encode(facts.public_bytes(Ed25519PrivateKey.generate().public_key())).decode()
    with pytest.raises(facts.FactsError, match="signature"):
        facts.read(json.dumps(body).encode())


@pytest.mark.django_db
def test_an_unknown_key_is_compared_first(now: datetime) -> None:
    signed = facts.read(file())
    with pytest.raises(sharing.NotPinned) as refused:
        sharing.take_in(signed, "coordinator:1", now)
    assert facts.spoken(PRINT) in str(refused.value)
    with pytest.raises(sharing.NotPinned):
        sharing.pin(signed, PRINT[:-1] + ("0" if PRINT[-1] != "0" else "1"), "coordinator:1", now)
    with pytest.raises(sharing.NotPinned):
        sharing.pin(signed, "", "coordinator:1", now)
    assert not FactsKey.objects.exists() and not Site.objects.exists()
    sharing.pin(signed, facts.spoken(PRINT).upper(), "coordinator:1", now)
    assert sharing.take_in(signed, "coordinator:1", now).new_sites == 1


@pytest.fixture
def taken(db: None, now: datetime) -> FactsImport:
    signed = facts.read(file())
    sharing.pin(signed, PRINT, "coordinator:1", now)
    return sharing.take_in(signed, "coordinator:1", now).row


def test_what_others_say_counts_less_and_names_its_origin(taken: FactsImport, now: datetime) -> None:
    site = Site.objects.get()
    assert (site.review, site.state, site.origin) == ("new", "paused", "shared")
    assert (site.kind, site.hostility, site.hostility_how) == ("tube", "doxxes", "shared"), "being careful costs nobody"
    (row,) = contacts.known("host:AS1")
    assert (row.confidence, row.source) == (0.4, taken.source) and row.source.startswith(f"shared:{PRINT[:8]}")
    with pytest.raises(history.Refused, match="before"):
        sharing.take_in(facts.read(file()), "coordinator:1", now)


def test_all_of_it_can_be_withdrawn_days_later(taken: FactsImport, now: datetime) -> None:
    from datetime import timedelta

    sharing.withdraw(taken, "coordinator:1", now + timedelta(days=40))
    site = Site.objects.get()
    assert (site.kind, site.hostility, site.review) == ("unknown", "unknown", "ignored")
    assert contacts.known("host:AS1") == []
    with pytest.raises(history.Refused):
        sharing.withdraw(taken, "coordinator:1", now)


@pytest.mark.django_db
@pytest.mark.parametrize("theirs", ["cooperative", "unknown"])
def test_nobody_elses_word_makes_us_write_to_somebody(now: datetime, theirs: str) -> None:
    site = registry.register("a.example", now)
    signed = facts.read(file(site={"hostility": theirs}))
    sharing.pin(signed, PRINT, "coordinator:1", now)
    sharing.take_in(signed, "coordinator:1", now)
    assert Site.objects.get(pk=site.pk).hostility == "unknown"


@pytest.mark.django_db
def test_what_is_known_here_stands(now: datetime) -> None:
    site = registry.register("a.example", now)
    history.edit([site.pk], {"kind": "forum", "hostility": "cooperative"}, "lead:1", now, why="they answer")
    signed = facts.read(file())
    sharing.pin(signed, PRINT, "coordinator:1", now)
    sharing.take_in(signed, "coordinator:1", now)
    site.refresh_from_db()
    assert (site.kind, site.hostility) == ("forum", "cooperative")


def test_each_organisation_has_a_key_of_its_own() -> None:
    one, other = uuid.uuid4(), uuid.uuid4()
    first = facts.public_bytes(facts.signing_key(one).public_key())
    assert first == facts.public_bytes(facts.signing_key(one).public_key())
    assert first != facts.public_bytes(facts.signing_key(other).public_key())
