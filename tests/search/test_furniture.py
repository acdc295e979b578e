"""What stands on every page of a site is fetched a few times and then no more, and looked at again in a sweep."""

from __future__ import annotations

from datetime import datetime

import pytest

from efface.search.media import FURNITURE
from efface.search.models import Frontier
from tests.search.scene import Page
from tests.search.test_crawl import PACE, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(now: datetime) -> World:
    made = World(now)
    many = FURNITURE + 6
    made.matcher.templates = 1
    made.fetcher.faces = {"banner": 1, **{f"p{number}": 1 for number in range(many)}}
    made.fetcher.pages = {"/": Page([f"/v/{number}" for number in range(many)])}
    made.fetcher.pages |= {
        f"/v/{number}": Page([], {"/banner.jpg": "banner", f"/m/{number}.jpg": f"p{number}"}) for number in range(many)
    }
    return made


def _all(world: World) -> None:
    from dataclasses import replace

    world.visit(replace(PACE, pages=60, step=60))


def test_a_banner_is_learned_and_pictures_of_a_page_are_not_mistaken_for_one(world: World) -> None:
    _all(world)
    assert world.fetcher.fetched.count("/banner.jpg") == FURNITURE
    assert all(world.fetcher.fetched.count(f"/m/{number}.jpg") == 1 for number in range(FURNITURE + 6))


def test_a_sweep_looks_at_a_banner_again_once(world: World) -> None:
    _all(world)
    world.fetcher.fetched.clear()
    world.now = world.due()
    Frontier.objects.filter(site=world.site, depth=1).update(sweep=True, due_at=world.now)
    _all(world)
    assert world.fetcher.fetched.count("/banner.jpg") == 1
    assert world.fetcher.fetched.count("/m/3.jpg") == 1
