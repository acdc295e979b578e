"""Her own places, and what she goes by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from efface.cases import consents, naming, own
from efface.cases.models import Case, CaseEvent, Fingerprint, OwnPlace
from tests.cases.test_cases import make_case
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(inside: Any) -> Case:
    made = make_case(inside).case
    Case.objects.filter(pk=made.pk).update(level="attested")
    made.refresh_from_db()
    return made


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://www.Example.org/Her.Name/#y", "example.org/Her.Name"),
        ("https://example.org/profile.php?id=7&a=1", "example.org/profile.php?a=1&id=7"),
        ("example.org", "example.org"),
        ("http://user@example.org:8080/a/", "example.org/a"),
        ("https://bücher.example/x", "xn--bcher-kva.example/x"),
    ],
)
def test_a_place_is_how_its_addresses_begin(given: str, kept: str) -> None:
    assert own.beginning(given) == kept


@pytest.mark.parametrize(
    "given", ["", "her page", "https://", "localhost", "a" * 300 + ".org", "example.org/" + "x" * 1000]
)
def test_what_is_no_address_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(own.NotAPlace, match=r"example\.org/yourname"):
        own.beginning(given)


@pytest.mark.parametrize(
    ("place", "here", "covered"),
    [
        ("example.org", "example.org/any", True),
        ("example.org", "her.example.org/any", True),
        ("example.org", "notexample.org/any", False),
        ("example.org/her", "example.org/Her/photos", True),
        ("example.org/her", "example.org/hers", False),
        ("example.org/her", "other.example.org/her", False),
        ("example.org/topic?t=5", "example.org/topic?page=2&t=5", True),
        ("example.org/topic?t=5", "example.org/topic?t=99", False),
        ("example.org/topic?t=5", "example.org/topic", False),
    ],
)
def test_what_a_place_covers(place: str, here: str, covered: bool) -> None:
    assert own.covers(place, here) is covered


@pytest.mark.parametrize("given", ["co.uk", "https://blogspot.com/", "https://example.org/#/anna", "example.org/#!her"])
def test_what_would_cover_many_people_is_refused(given: str) -> None:
    with pytest.raises(own.NotAPlace, match="covers"):
        own.beginning(given)


def test_a_place_is_kept_once_and_ends(case: Case) -> None:
    first = own.add(case, "https://example.org/her", "survivor", NOON)
    assert own.add(case, "example.org/her/", "survivor", NOON).pk == first.pk
    assert own.is_own(case, "https://www.example.org/her/1") and not own.is_own(case, "https://example.org/him")
    own.end(case, first.pk, "survivor", NOON)
    assert not own.is_own(case, "https://example.org/her/1") and not own.places(case)
    assert list(CaseEvent.objects.filter(case=case, kind__startswith="own.").values_list("kind", flat=True)) == [
        "own.added", "own.ended",
    ]  # fmt: skip
    raw = OwnPlace.objects.filter(pk=first.pk).extra(select={"raw": "url"}).values_list("raw", flat=True)[0]
    assert b"example.org" not in bytes(raw)


def test_names_need_attestation_and_consent(case: Case) -> None:
    with pytest.raises(naming.NameRefused, match="no consent"):
        naming.add(case, "handle", "quietlake_94", "survivor", NOON)
    consents.give(case, "text_search", "survivor", NOON)
    row = naming.add(case, "handle", "quietlake_94", "survivor", NOON)
    assert naming.add(case, "handle", " quietlake_94 ", "survivor", NOON).pk == row.pk
    assert [(one.kind, one.value) for one in naming.names(case)] == [("handle", "quietlake_94")]
    Case.objects.filter(pk=case.pk).update(level="declared")
    with pytest.raises(naming.NameRefused, match="not attested"):
        naming.add(case, "handle", "quietlake_95", "survivor", NOON)


@pytest.mark.parametrize(("kind", "value"), [("name", "Anna"), ("handle", "abc"), ("nonsense", "x"), ("phone", "12")])
def test_what_would_find_strangers_is_refused(case: Case, kind: str, value: str) -> None:
    consents.give(case, "text_search", "survivor", NOON)
    with pytest.raises(naming.NameRefused):
        naming.add(case, kind, value, "survivor", NOON)
    assert not Fingerprint.objects.filter(case=case).exists()


def test_taking_the_consent_back_deletes_the_names(case: Case) -> None:
    consents.give(case, "text_search", "survivor", NOON)
    naming.add(case, "handle", "quietlake_94", "survivor", NOON)
    consents.withdraw(case, "text_search", "survivor", NOON + timedelta(hours=1))
    assert not Fingerprint.objects.filter(case=case).exists()


def test_a_deleted_name_is_gone(case: Case) -> None:
    consents.give(case, "text_search", "survivor", NOON)
    row = naming.add(case, "email", "someone@quiet-lake.example", "survivor", NOON)
    naming.end(case, row.pk, "survivor", NOON)
    assert not Fingerprint.objects.filter(pk=row.pk).exists()
