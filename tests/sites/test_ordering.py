"""Contacts come in the order in which they are worth writing to, by all that is known of them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from efface.sites import contacts, learning, ordering
from efface.sites.models import ContactObservation

pytestmark = pytest.mark.django_db
KEY = "host:AS64500"


def _seen(now: Any, value: str, source: str = "rdap-ip", confidence: float = 0.85, days: int = 0) -> None:
    then = now - timedelta(days=days)
    ContactObservation.objects.create(
        party_key=KEY, role="host", channel="email", value=value, source=source, confidence=confidence,
        first_seen=then, seen_at=then,
    )  # fmt: skip


def _order(now: Any) -> list[str]:
    return [one.value for one in ordering.of_parties([KEY], now)[KEY].contacts]


def test_what_is_old_comes_behind_what_is_fresh(now: Any) -> None:
    _seen(now, "old@host.example", days=400)
    _seen(now, "fresh@host.example", confidence=0.7)
    assert _order(now) == ["fresh@host.example", "old@host.example"]


def test_sources_that_agree_count_more_than_one(now: Any) -> None:
    _seen(now, "one@host.example")
    _seen(now, "two@host.example")
    _seen(now, "two@host.example", "page:abuse", 0.5)
    assert _order(now)[0] == "two@host.example"


def test_a_dead_mailbox_is_out_and_one_that_helped_is_first(now: Any) -> None:
    _seen(now, "dead@host.example", confidence=0.9)
    _seen(now, "quiet@host.example", confidence=0.9)
    _seen(now, "helped@host.example", confidence=0.6)
    contacts.delivery("email", "dead@host.example", "hard", now)
    contacts.delivery("email", "helped@host.example", "complied", now)
    ranking = ordering.of_parties([KEY], now)[KEY]
    assert [one.value for one in ranking.contacts] == ["helped@host.example", "quiet@host.example"]
    assert [one.value for one in ranking.dead] == ["dead@host.example"]


def test_desks_that_removed_come_before_desks_that_did_not(now: Any) -> None:
    _seen(now, "a@idle.example")
    _seen(now, "b@acts.example")
    for number in range(8):
        for desk, helps in (("a@idle.example", False), ("b@acts.example", True)):
            notice = uuid.uuid4()
            learning.sent(notice, "email", desk, "host", "eu_dsa_art16", "en", now - timedelta(days=60 + number))
            if helps:
                learning.removed(notice, 20)
    ranking = ordering.of_parties([KEY], now)[KEY]
    assert [one.value for one in ranking.contacts] == ["b@acts.example", "a@idle.example"]
    assert any("removals after a notice" in reason and "8" in reason for reason in ranking.contacts[0].reasons)


def test_nobody_known_ranks_nothing(now: Any) -> None:
    assert ordering.of_parties(["host:nobody"], now) == {}


def test_as_many_questions_for_many_parties_as_for_one(now: Any, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        ContactObservation.objects.create(
            party_key=f"host:{number}", role="host", channel="email", value=f"abuse@h{number}.example",
            source="rdap-ip", confidence=0.8, first_seen=now, seen_at=now,
        )  # fmt: skip
    with django_assert_max_num_queries(6):
        assert len(ordering.of_parties([f"host:{number}" for number in range(30)], now)) == 30
