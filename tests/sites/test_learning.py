"""What desks did is counted, and no share is shown without its doubt."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.sites import learning
from efface.sites.models import Asked

DESK = ("host.example", "email")


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_wilsons(k: int, n: int, low: float, high: float) -> None:
    assert learning.interval(k, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share_and_narrows_with_more(pair: tuple[int, int]) -> None:
    k, n = pair
    low, high = learning.interval(k, n)
    assert 0 <= low <= (k / n if n else 0.5) <= high <= 1
    wider = learning.interval(10 * k, 10 * n)
    assert wider[1] - wider[0] <= high - low + 1e-9


def ask(now: datetime, value: str = "Abuse@mail.host.example", language: str = "en", role: str = "host") -> uuid.UUID:
    notice = uuid.uuid4()
    learning.sent(notice, "email", value, role, "eu_dsa_art16", language, now)
    return notice


@pytest.mark.django_db
def test_shares_are_out_of_what_could_have_happened_by_now(now: datetime) -> None:
    old = [ask(now - timedelta(days=40)) for _ in range(4)]
    young = ask(now - timedelta(days=3))
    learning.removed(old[0], 24 * 5)
    learning.removed(old[1], 24 * 20)
    learning.removed(young, 12)
    learning.bounced(old[3])
    learning.acknowledged(old[0])
    learning.replied(old[1])
    learned = learning.of_providers([DESK], now)[DESK]
    assert (learned.delivered.k, learned.delivered.n) == (4, 5)
    assert (learned.acknowledged.k, learned.acknowledged.n) == (2, 4), "an answer acknowledges"
    assert (learned.replied.k, learned.replied.n) == (1, 4)
    # Three days old and gone: too young to count, or early successes would flatter the desk.
    assert (learned.week.k, learned.week.n) == (1, 4)
    assert (learned.month.k, learned.month.n) == (2, 4)


@pytest.mark.django_db
def test_the_first_word_on_a_removal_stands_and_asking_twice_counts_once(now: datetime) -> None:
    notice = ask(now)
    learning.sent(notice, "email", "abuse@host.example", "host", "eu_dsa_art16", "en", now)
    learning.removed(notice, 48)
    learning.removed(notice, 400)
    row = Asked.objects.get()
    assert (row.removed_days, row.provider) == (2.0, "host.example")


@pytest.mark.django_db
def test_a_row_says_nothing_of_the_notice(now: datetime) -> None:
    notice = ask(now)
    row = Asked.objects.get()
    assert str(notice) not in str({field.name: getattr(row, field.name) for field in Asked._meta.fields})
    assert str(row.sent_on) == "2026-03-02"


@pytest.mark.django_db
def test_few_answers_are_helped_out_by_the_next_wider_group(now: datetime) -> None:
    for _ in range(learning.ENOUGH):
        ask(now, language="en")
    ask(now, language="de")
    assert learning.best("host.example", "email", "eu_dsa_art16", "en", "host", now)[1] == "exact"
    assert learning.best("host.example", "email", "eu_dsa_art16", "de", "host", now)[1] == "notice"
    assert learning.best("new.example", "email", "eu_dsa_art16", "de", "host", now)[1] == "role"
    assert learning.best("new.example", "email", "eu_dsa_art16", "de", "cdn", now) == (learning.NOTHING, "")
    kinds = learning.broken_down("host.example", now)
    assert [(one[2], one[3].sent) for one in kinds] == [("en", 5), ("de", 1)]


@pytest.mark.parametrize(
    ("channel", "value", "name"),
    [
        ("email", "Abuse@Mail.Host.co.uk", "host.co.uk"),
        ("form", "https://report.host.example:8443/abuse", "host.example"),
        ("form", "https://198.51.100.7/abuse", "198.51.100.7"),
    ],
)
def test_a_provider_is_the_registered_domain_of_its_desk(channel: str, value: str, name: str) -> None:
    assert learning.provider(channel, value) == name
