"""Media are forgotten 180 days after they were last seen, unless a match stands on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.cases import events
from efface.engine.base import deadlines, tenancy
from efface.engine.base.models import Deadline
from efface.search import deciding, forgetting
from efface.search.deadlines import FORGET
from efface.search.models import Asset, Match, Media, Sighting
from tests.conftest import role
from tests.search.scene import Page, StubMatcher, make_case, picture
from tests.search.test_crawl import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(now: datetime) -> Iterator[World]:
    made = World(now)
    made.fetcher.pages = {
        "/": Page(["/v/1", "/v/2"]),
        "/v/1": Page([], {"/m/1.jpg": "a", "/m/x.jpg": "stranger"}),
        "/v/2": Page([], {"/m/2.jpg": "another"}),
    }
    yield made


def test_old_media_go_and_those_of_a_match_stay(world: World, organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        world.matcher = StubMatcher(picture(make_case(organisation, world.now), "a", world.now))
    world.visit()
    assert (Sighting.objects.count(), Media.objects.count()) == (3, 3)
    assert forgetting.old_media(world.now + timedelta(days=180)) == (0, 0)
    assert forgetting.old_media(world.now + timedelta(days=181)) == (2, 2)
    with tenancy.organisation(organisation.pk):
        match = Match.objects.select_related("sighting__media").get()
        assert match.sighting.media.pdq
    assert forgetting.old_media(world.now + timedelta(days=999)) == (0, 0)


def test_it_comes_round_every_week(world: World) -> None:
    with role("efface_engine"):
        deadlines.fire(world.now)
        first = Deadline.objects.get(kind=FORGET).due
        assert timedelta(days=7) <= first - world.now < timedelta(days=8)
        deadlines.fire(first)
        assert Deadline.objects.get(kind=FORGET).due == first + timedelta(days=7)


def test_of_an_erased_case_no_hash_and_no_reason_stays(world: World, organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        world.matcher = StubMatcher(picture(case, "a", world.now))
    world.visit()
    with tenancy.organisation(organisation.pk):
        deciding.confirm(Match.objects.get(), "caseworker:1", "she told me", world.now)
        events.record(case, "case.erased", "engine", now=world.now)
        assert (Match.objects.get().reasons, Match.objects.get().decided_why) == ([], "")
        assert {(tuple(row.pdq), row.sha256) for row in Asset.objects.all()} == {((), "")}
