"""What people say about visits to a site holds: its place beside others, a pause, a budget; and each comes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from efface.engine.base.models import Deadline
from efface.search import revisit, rules
from efface.search.crawl import Pace
from efface.search.deadlines import visits_are_due
from efface.sites import registry
from efface.sites.models import Site
from tests.conftest import NOON, role
from tests.search.scene import Page
from tests.search.test_crawl import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(now: datetime) -> World:
    made = World(now)
    paths = [f"/v/{n}" for n in range(6)]
    made.fetcher.pages = {"/": Page(paths), **{path: Page([], {f"/m{path}.jpg": path}) for path in paths}}
    return made


def test_what_a_person_put_first_or_last_is_visited_sooner_or_later() -> None:
    def following(priority: str, changed: bool, more_due: bool = False) -> tuple[float, float]:
        found = revisit.after_visit(
            now=NOON, changed=changed, more_due=more_due, hours=24.0, quiet=0, base_h=24.0, priority=priority
        )  # fmt: skip
        return found.hours, (found.due - NOON).total_seconds() / 3600

    assert [following(one, True)[0] for one in ("first", "usual", "last")] == [12.0, 24.0, 72.0]
    assert [following(one, False)[0] for one in ("first", "usual", "last")] == [48.0, 48.0, 144.0]
    assert [following(one, True, True)[1] for one in ("first", "usual", "last")] == [6.0, 6.0, 18.0]


@pytest.mark.parametrize(("priority", "rank"), [("first", 1), ("usual", 0), ("last", -1)])
def test_where_more_are_due_than_can_be_visited_the_first_come_first(world: World, priority: str, rank: int) -> None:
    Site.objects.filter(pk=world.site.pk).update(priority=priority)
    visits_are_due([Deadline.objects.get(subject=world.site.pk, kind=registry.VISIT)], world.now)
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("SELECT priority FROM procrastinate_jobs WHERE task_name = 'search.jobs.visit'")
        assert cursor.fetchall() == [(rank,)]


def test_a_pause_holds_in_the_middle_of_a_visit_and_comes_back_where_it_was(world: World) -> None:
    page_by_page = Pace(pages=12, step=1, delay_s=10.0, hours=24.0)
    world.visit(page_by_page)
    registry.pause(world.site)
    world.now = world.now + timedelta(minutes=5)
    assert world.visit(page_by_page) == []
    assert not Deadline.objects.filter(subject=world.site.pk, kind=registry.VISIT, state="waiting").exists()
    registry.resume(world.site, world.now)
    assert world.due() == world.now
    assert len(world.visit(page_by_page)) == 1


def test_a_budget_holds_and_comes_back(world: World, inside: Any) -> None:
    for pages in (2, None):
        decision = rules.Decision("This site is small and slow.", pages=pages)
        rules.decide(world.site, decision, inside.pk, "lead:1", world.now)
        read = world.visit()
        assert len(read) == 2 if pages else len(read) > 2
        world.now = world.due() + timedelta(days=1)
