"""Contacts are observations with a source; what mail to them did is remembered, and nothing of a case is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from efface.sites import contacts, registry
from efface.sites.models import ContactObservation, Delivery, Site
from efface.whereabouts.model import Contact, Dossier, Party


def _dossier(confidence: float = 0.9) -> Dossier:
    return Dossier(
        url="http://quiet-lake.example/v/12",
        host="quiet-lake.example",
        domain="quiet-lake.example",
        parties=[
            Party(
                "operator",
                "operator:quiet-lake.example",
                contacts=[
                    Contact("email", "Abuse@Quiet-Lake.example", "page", "http://quiet-lake.example/v/12", confidence),
                    Contact("form", "http://quiet-lake.example/report?url=/v/12", "page", "", 0.5),
                ],
            )
        ],
    )


@pytest.mark.django_db
def test_observing_twice_keeps_one_row_a_source_and_no_address_of_a_finding(now: datetime) -> None:
    registry.register("quiet-lake.example", now)
    assert contacts.observe(_dossier(), now) == 2
    later = now + timedelta(days=1)
    assert contacts.observe(_dossier(0.7), later) == 0
    first, second = contacts.known("operator:quiet-lake.example")
    assert (first.value, first.confidence, first.first_seen, first.seen_at) == (
        "abuse@quiet-lake.example", 0.7, now, later,
    )  # fmt: skip
    assert second.value == "http://quiet-lake.example/report"
    kept = json.dumps(Site.objects.get().dossier) + "".join(ContactObservation.objects.values_list("value", flat=True))
    assert "/v/12" not in kept


@pytest.mark.parametrize(
    ("before", "news", "after"),
    [
        ("untested", "accepted", "accepted"),
        ("complied", "accepted", "complied"),
        ("complied", "hard", "hard"),
        ("hard", "accepted", "hard"),
        ("hard", "replied", "replied"),
        ("hard", "soft", "hard"),
        ("accepted", "silent", "silent"),
        ("complied", "silent", "complied"),
        ("silent", "acknowledged", "acknowledged"),
        ("accepted", "soft", "soft"),
        ("full", "complied", "complied"),
    ],
)
def test_next_state(before: str, news: str, after: str) -> None:
    assert contacts.next_state(before, news) == after


@pytest.mark.django_db
def test_what_names_the_page_on_a_platform_is_not_kept(now: datetime) -> None:
    registry.register("quiet-lake.example", now)
    beside = Party("host", "host:AS2", contacts=[Contact("form", "https://h.example/f?page=secret-one", "rdap-ip")])
    contacts.observe(replace(_dossier(), place={"message": "secret-two"}, beside=[beside]), now)
    kept = json.dumps(Site.objects.get().dossier)
    assert "host:AS2" in kept and "secret" not in kept


@pytest.mark.django_db
def test_deliveries_are_counted_under_one_spelling(now: datetime) -> None:
    assert contacts.delivery("email", "abuse@a.example", "accepted", now) == "accepted"
    assert contacts.delivery("email", "Abuse@A.example", "hard", now) == "hard"
    row = Delivery.objects.get()
    assert (row.sent, row.bounced, row.replied) == (1, 1, 0)
    assert contacts.states() == {("email", "abuse@a.example"): "hard"}
    assert contacts.states([("email", "ABUSE@a.example")]) == {("email", "abuse@a.example"): "hard"}
    assert contacts.states([("form", "abuse@a.example")]) == {}
    with pytest.raises(ValueError, match="state must be one of"):
        contacts.delivery("email", "abuse@a.example", "maybe", now)
