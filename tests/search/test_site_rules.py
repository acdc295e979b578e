"""What a coordinator decides about a site counts, ends, is on record, and cannot be decided without a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from efface.accounts import audit
from efface.accounts.models import AuditEntry
from efface.engine.base import tenancy
from efface.search import rules
from efface.search.crawl import Pace
from efface.search.models import SiteRule
from efface.search.rules import Decision, NotDecided, Rule
from tests.conftest import NOON
from tests.search.test_crawl import World

pytestmark = pytest.mark.django_db
WHY = "The operator asked us in writing to look at everything."


@pytest.fixture
def world(now: Any) -> World:
    from tests.search.scene import Page

    made = World(now)
    made.fetcher.pages = {"/": Page(["/v/1", "/v/2"]), "/v/1": Page([], {"/m/1.jpg": "one"}), "/v/2": Page([])}
    return made


def _decide(world: World, organisation: Any, **given: Any) -> SiteRule:
    with tenancy.organisation(organisation.pk):
        return rules.decide(
            world.site, Decision(**{"reason": WHY, **given}), organisation.pk, "coordinator:1", world.now
        )  # fmt: skip


def test_robots_binds_until_a_coordinator_decides_and_again_after_that(world: World, organisation: Any) -> None:
    world.fetcher.forbidden = {"/v/1"}
    assert "/v/1" not in world.visit()
    _decide(world, organisation, robots_days=30)
    world.now += timedelta(days=8)
    assert "/v/1" in world.visit()
    assert not rules.of(world.site.pk, world.now + timedelta(days=30)).ignore_robots


def test_every_decision_is_in_the_audit_chain_and_cannot_be_changed(world: World, organisation: Any) -> None:
    row = _decide(world, organisation, delay_s=20.0)
    with tenancy.organisation(organisation.pk):
        assert AuditEntry.objects.filter(action="site.rule", subject__contains=str(row.pk)).exists()
        assert audit.verify(organisation.pk) == []
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE search_siterule SET reason = 'other'")


def test_the_latest_decision_counts(world: World, organisation: Any) -> None:
    _decide(world, organisation, delay_s=20.0)
    world.now += timedelta(hours=1)
    _decide(world, organisation, pages=3)
    assert rules.of(world.site.pk, world.now) == Rule(pages=3, organisation=organisation.pk)


@pytest.mark.parametrize(
    "given",
    [
        {"reason": "because"}, {"robots_days": 200}, {"robots_days": -1}, {"delay_s": 0.1}, {"delay_s": 99999.0},
        {"from_hour": 3}, {"from_hour": 3, "to_hour": 24}, {"pages": 0}, {"pages": 9999},
    ],
)  # fmt: skip
def test_what_cannot_be_decided(world: World, organisation: Any, given: dict[str, Any]) -> None:
    with pytest.raises(NotDecided):
        _decide(world, organisation, **given)
    assert not SiteRule.objects.exists()


@pytest.mark.parametrize(
    ("hours", "hour", "opens"),
    [
        ((8, 18), 12, None), ((8, 18), 7, 1), ((8, 18), 18, 14),
        ((22, 6), 23, None), ((22, 6), 5, None), ((22, 6), 12, 10),
    ],
)  # fmt: skip
def test_hours(hours: tuple[int, int], hour: int, opens: int | None) -> None:
    now = NOON.replace(hour=hour)
    found = Rule(from_hour=hours[0], to_hour=hours[1]).opens(now)
    assert found == (None if opens is None else now + timedelta(hours=opens))


def test_a_site_is_left_alone_outside_its_hours(world: World, organisation: Any) -> None:
    _decide(world, organisation, from_hour=1, to_hour=5)
    assert world.visit() == []
    assert world.due() == world.now.replace(hour=1) + timedelta(days=1)


def test_pages_and_pace_of_one_site(world: World, organisation: Any) -> None:
    _decide(world, organisation, pages=1, delay_s=30.0)
    assert len(world.visit()) == 1
    assert Pace(12, 1, 10.0, 24.0).under(Rule(delay_s=30.0, pages=4)) == Pace(4, 1, 30.0, 24.0)
