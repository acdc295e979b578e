"""Contacts are observations with a source; what mail to them did is remembered, and nothing of a case is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import ProgrammingError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from efface.sites import contacts, registry
from efface.sites.models import ContactObservation, Delivery, Site
from efface.whereabouts.model import Contact, Dossier, Party
from tests.conftest import NOON

KEY = "operator:quiet-lake.example"


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
def test_seen_again_is_counted_and_what_differs_is_another_row(now: datetime) -> None:
    registry.register("quiet-lake.example", now)
    assert contacts.observe(_dossier(), now) == 2
    later, last = now + timedelta(days=1), now + timedelta(days=2)
    assert contacts.observe(_dossier(), later) == 0
    assert contacts.observe(_dossier(0.7), last) == 0
    newer, older = contacts.observations(KEY, "email", "Abuse@quiet-lake.example")
    assert (newer.confidence, newer.first_seen, newer.seen_at, newer.seen) == (0.7, last, last, 1)
    assert (older.confidence, older.first_seen, older.seen_at, older.seen) == (0.9, now, later, 2)
    first, second = contacts.known(KEY)
    assert (first.value, first.confidence) == ("abuse@quiet-lake.example", 0.7), "the current view is the newest"
    assert (second.value, second.seen) == ("http://quiet-lake.example/report", 3)


@pytest.mark.django_db
def test_no_address_of_a_finding_is_kept(now: datetime) -> None:
    registry.register("quiet-lake.example", now)
    contacts.observe(_dossier(), now)
    kept = json.dumps(Site.objects.get().dossier) + "".join(ContactObservation.objects.values_list("value", flat=True))
    assert "/v/12" not in kept


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"confidence": 0.1}, {"value": "other@a.example"}, {"steps": ["reversed"]}])
def test_the_database_itself_keeps_observations_as_they_are(now: datetime, change: dict[str, object]) -> None:
    row = contacts.note(KEY, "operator", "email", "abuse@a.example", "page", 0.5, now)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        ContactObservation.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        row.delete()
    row.refresh_from_db()
    assert (row.confidence, row.value, row.steps) == (0.5, "abuse@a.example", [])


@pytest.mark.django_db
def test_a_page_with_new_addresses_at_each_look_fills_nothing(now: datetime) -> None:
    for look in range(3):
        many = [Contact("email", f"a{look}x{n}@a.example", "page", confidence=0.5) for n in range(100)]
        other = Contact("email", f"r{look}@a.example", "rdap", confidence=0.9)
        party = Party("operator", KEY, contacts=[*many, other])
        contacts.observe(Dossier("http://a.example/", "a.example", "a.example", parties=[party]), now)
    assert ContactObservation.objects.filter(source="page").count() == contacts.MOST_ROWS
    assert ContactObservation.objects.filter(source="rdap").count() == 3, "another source is not crowded out"


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([0.9, 0.7, 0.5, float("nan")]), min_size=1, max_size=12))
def test_however_confidence_wanders_rows_are_one_for_each_and_counts_add_up(looks: list[float]) -> None:
    with transaction.atomic():
        for n, confidence in enumerate(looks):
            contacts.note(KEY, "operator", "email", "w@a.example", "page", confidence, NOON + timedelta(days=n))
        rows = contacts.observations(KEY, "email", "w@a.example")
        assert len(rows) == len({0.0 if one != one else one for one in looks})
        assert sum(row.seen for row in rows) == len(looks)
        assert contacts.known(KEY)[0].seen_at == NOON + timedelta(days=len(looks) - 1)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_guesses_that_were_written_to_are_told_from_published_ones(now: datetime) -> None:
    for value in ("abuse@a.example", "noc@a.example", "dmca@a.example"):
        contacts.note(KEY, "operator", "email", value, contacts.GUESS, 0.3, now)
    contacts.note(KEY, "operator", "email", "dmca@a.example", "page", 0.9, now)
    for value in ("abuse@a.example", "dmca@a.example"):
        contacts.delivery("email", value, "silent", now)
    assert contacts.guesses_tried([KEY]) == {KEY: frozenset({"abuse@a.example"})}


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


@pytest.mark.parametrize(
    ("value", "page", "told"),
    [
        ("https://a.example/report", "https://a.example/v/12", False),
        ("https://a.example/legal/dmca-form.php", "https://a.example/v/12", False),
        ("https://a.example/contact-us", "https://a.example/album/subject-a", False),
        ("https://a.example/report/subject-a", "https://a.example/album/subject-a", True),
        ("https://a.example/album/subject-a/report", "https://a.example/album/subject-a", True),
        ("https://a.example/report/quiet-lake-summer", "https://a.example/v/12", True),
        ("https://a.example/report/448812", "https://a.example/v/12", True),
        ("https://a.example/report/" + "a" * 41, "https://a.example/v/12", True),
        ("https://a.example/report/%73ubject-a", "https://a.example/album/subject-a", True),
        ("http://[::1", "https://a.example/v/12", True),
    ],
)
def test_a_form_whose_address_says_what_was_looked_for_is_no_desk(value: str, page: str, told: bool) -> None:
    assert contacts.tells(value, page) is told


@pytest.mark.django_db
def test_a_form_that_tells_reaches_neither_the_contacts_nor_the_dossier(now: datetime) -> None:
    registry.register("quiet-lake.example", now)
    page, partial = "http://quiet-lake.example/album/her-own-name", ["/album/her-own-name: timeout", "whois: timeout"]
    desk = "http://quiet-lake.example/report/her-own-name"
    more = [Contact("form", desk, "page", "", 0.9), Contact("form", desk, "playbook:x", "", 0.9)]
    (party,) = _dossier().parties
    dossier = replace(_dossier(), url=page, partial=partial, parties=[replace(party, contacts=more)])
    contacts.observe(dossier, now)
    kept = list(ContactObservation.objects.values_list("value", "source"))
    assert ("http://quiet-lake.example/report/her-own-name", "page") not in kept
    whole = json.dumps(Site.objects.get().dossier)
    assert "album" not in whole and "whois: timeout" in whole
    assert {one["source"] for one in json.loads(whole)["parties"][0]["contacts"] if "her-own" in one["value"]} == {
        "playbook:x"
    }, "a playbook's own desk stays"
