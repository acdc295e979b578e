"""Changed copies, videos and names: how they become candidates, what is inherited from them, and what stays quiet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from efface.cases import consents, fingerprints, links, own
from efface.cases.models import Case, CaseEvent, Fingerprint
from efface.engine.base import tenancy
from efface.search import deciding, matching, urls
from efface.search.models import Asset, Finding, Frontier, Match
from efface.sites.models import Site
from tests.search.scene import Page, StubMatcher, hit_of, make_case, picture
from tests.search.test_crawl import World

pytestmark = pytest.mark.django_db
WHO = "caseworker:1"
REGION = [0.1, 0.1, 0.9, 0.1, 0.9, 0.8, 0.1, 0.8]


@pytest.fixture
def world(now: datetime) -> Iterator[World]:
    made = World(now)
    made.fetcher.pages = {
        "/": Page([f"/v/{n}" for n in range(1, 5)]),
        "/v/1": Page([], {"/m/1.jpg": "cut", "/m/x.jpg": "stranger"}, text="words Subject A other words"),
        "/v/2": Page([], {"/m/2.jpg": "cut~4"}),
        "/v/3": Page([], {"/m/3.jpg": "clip"}),
        "/v/4": Page([], {"/m/4.jpg": "stranger"}, text="and here stands Subject A alone"),
    }
    yield made


def _case(world: World, org: Any, *purposes: str) -> tuple[Case, Fingerprint]:
    with tenancy.organisation(org.pk):
        case = make_case(org, world.now, level="attested")
        for purpose in purposes:
            consents.give(case, purpose, "survivor", world.now)
        row = picture(case, "a", world.now)
    world.matcher = StubMatcher(row)
    return case, row


def _match(path: str) -> Match:
    return Match.objects.get(page_digest=urls.digest(f"http://quiet-lake.example{path}"))


def _again(world: World, afresh: bool = False) -> None:
    Frontier.objects.update(due_at=world.now, afresh=afresh)
    Site.objects.update(visit_began=None, pages_left=60, day_pages=0)
    world.visit()


def test_a_changed_copy_is_a_candidate_with_its_region(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "copy_match")
    world.matcher.more_hits = {"cut": [hit_of(row, "local", 40.0, True, region=REGION, error=0.11, strong_at=12.0)]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        (match,) = Match.objects.all()
        reason = match.reasons[0]
        assert (match.kind, match.strong, match.score) == ("local", True, 40.0)
        assert reason["region"] == REGION and reason["width"] == 640 and reason["error"] == 0.11
        finding = deciding.confirm(match, WHO, "", world.now)
        assert finding.age == "adult"  # part of a picture she declared


def test_a_weak_one_says_nothing_of_the_age(world: World, organisation: Any) -> None:
    """The same room on another day: the pictures share the wallpaper."""
    _, row = _case(world, organisation, "copy_match")
    world.matcher.more_hits = {"cut": [hit_of(row, "local", 7.0, False, region=REGION)]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        assert deciding.confirm(_match("/v/1"), WHO, "", world.now).age == "unknown"


def test_without_its_own_consent_no_changed_copy_is_told(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation)
    world.matcher.more_hits = {"cut": [hit_of(row, "local", 40.0, True, region=REGION)]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        assert not Match.objects.exists()


def test_a_near_copy_of_a_rejected_one_stays_rejected(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "copy_match")
    hit = hit_of(row, "local", 9.0, False, region=REGION)
    world.matcher.more_hits = {"cut": [hit]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        deciding.reject(_match("/v/1"), WHO, "another room", world.now)
    world.matcher.more_hits = {"cut": [hit], "cut~4": [hit]}
    _again(world, afresh=True)
    with tenancy.organisation(organisation.pk):
        second = _match("/v/2")
        assert (second.state, second.decided_why) == ("rejected", matching.SAME_PICTURE)
        # What the machine rejected by likeness is no ground for rejecting more.
        assert second.decided_by == matching.ENGINE


def test_a_copy_by_hash_is_asked_about_on_every_page(world: World, organisation: Any) -> None:
    """One slip must not hide all copies of her picture."""
    _case(world, organisation)
    world.fetcher.pages["/v/1"] = Page([], {"/m/1.jpg": "a"})
    world.visit()
    with tenancy.organisation(organisation.pk):
        deciding.reject(_match("/v/1"), WHO, "a slip", world.now)
    world.fetcher.pages["/v/2"] = Page([], {"/m/2b.jpg": "a~3"})
    _again(world)
    with tenancy.organisation(organisation.pk):
        assert _match("/v/2").state == "candidate"


def test_a_video_outranks_a_changed_picture_and_is_inherited_from(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "copy_match")
    world.matcher.more_hits = {
        "clip": [
            hit_of(row, "local", 30.0, True, region=REGION),
            hit_of(row, "video", 21.5, True, seconds=[3.0, 24.5], share=0.9, strong_at=5.0),
        ]
    }
    world.visit()
    with tenancy.organisation(organisation.pk):
        match = _match("/v/3")
        assert match.kind == "video" and [reason["kind"] for reason in match.reasons] == ["video", "local"]
        assert match.reasons[0]["seconds"] == [3.0, 24.5]
        assert deciding.confirm(match, WHO, "", world.now).age == "adult"


def test_a_name_beside_pictures_is_weak_evidence_of_the_page(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "text_search", "copy_match")
    world.matcher.text_hits = {"Subject A": [hit_of(row, "text", 1.0, False, words="name")]}
    world.matcher.more_hits = {"cut": [hit_of(row, "local", 30.0, True, region=REGION)]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        both, alone = _match("/v/1"), _match("/v/4")
        assert (both.kind, [reason["kind"] for reason in both.reasons]) == ("local", ["local", "text"])
        assert (alone.kind, alone.reasons[0]["words"]) == ("text", "name")
        assert "Subject A" not in str(alone.reasons)
        assert deciding.confirm(alone, WHO, "she said so", world.now).age == "unknown"


def test_what_stands_in_her_own_place_is_left(world: World, organisation: Any) -> None:
    case, _ = _case(world, organisation)
    world.fetcher.pages["/v/2"] = Page([], {"/m/2.jpg": "a~3"})
    with tenancy.organisation(organisation.pk):
        own.add(case, "quiet-lake.example/v/2", "survivor", world.now)
    world.visit()
    with tenancy.organisation(organisation.pk):
        match = _match("/v/2")
        assert (match.state, match.decided_why) == ("own", matching.OWN_PLACE)
        assert not Finding.objects.exists()


def test_under_18_reaches_everything_made_of_the_same_file(world: World, organisation: Any) -> None:
    case, row = _case(world, organisation, "copy_match")
    with tenancy.organisation(organisation.pk):
        local = Fingerprint(organisation=organisation, case=case, kind="local", age="adult", created=world.now)
        local.value = {"local": "", "sha256": row.value["sha256"]}
        local.save()
    world.matcher.more_hits = {"cut": [hit_of(local, "local", 40.0, True, region=REGION)]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        finding = deciding.confirm(_match("/v/1"), WHO, "", world.now)
        deciding.set_age(finding, "minor", "survivor", world.now)
        row.refresh_from_db()
        assert row.age == "minor" and row.retired_at == world.now
        local.refresh_from_db()
        assert (local.age, local.value) == ("minor", None)


def test_full_media_are_fetched_once_a_page_while_local_features_are_compared(world: World, organisation: Any) -> None:
    _case(world, organisation, "copy_match")
    world.fetcher.pages = {
        "/": Page(["/v/1", "/v/2"]),
        "/v/1": Page([], {"/m/same.jpg": "cut"}),
        "/v/2": Page([], {"/m/same.jpg": "cut"}),
    }
    world.matcher.looks = 1
    world.visit()
    assert all(request.looks for request in world.fetcher.requests)
    assert world.fetcher.fetched.count("/m/same.jpg") == 2
    _again(world)
    assert world.fetcher.fetched.count("/m/same.jpg") == 2


def test_under_18_reaches_what_was_recognised_by_its_parts(world: World, organisation: Any) -> None:
    """A crop and a screenshot of one enrolled picture: no hash of one is near the other's."""
    _, row = _case(world, organisation, "copy_match")
    hit = hit_of(row, "local", 40.0, True, region=REGION)
    world.matcher.more_hits = {"cut": [hit], "clip": [hit], "cut~4": []}
    world.visit()
    with tenancy.organisation(organisation.pk):
        waiting = _match("/v/3")
        first = deciding.confirm(_match("/v/1"), WHO, "", world.now)
        assert first.age == "adult"
        deciding.set_age(first, "minor", "survivor", world.now)
        assert deciding.confirm(waiting, WHO, "", world.now).age == "minor"


def test_under_18_stops_every_finding_of_the_same_picture(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "copy_match")
    hit = hit_of(row, "local", 40.0, True, region=REGION)
    world.matcher.more_hits = {"cut": [hit], "clip": [hit]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        first, second = (deciding.confirm(_match(path), WHO, "", world.now) for path in ("/v/1", "/v/3"))
        deciding.set_age(first, "minor", "survivor", world.now)
        second.refresh_from_db()
        assert (second.age, second.stopped) == ("minor", deciding.UNDER_18)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("local", {"region": [0.0, 0.0, 0.5, 0.0, 0.5, 0.5, 0.0, 0.5]}),  # a quarter of a collage
        ("video", {"seconds": [600.0, 606.0], "share": 0.003}),  # six seconds of a compilation
        ("pdq", {}),  # one picture of a slide show
    ],
)
def test_what_shows_more_than_her_picture_is_not_as_old(
    world: World, organisation: Any, kind: str, more: dict[str, Any]
) -> None:
    _, row = _case(world, organisation, "copy_match")
    world.matcher.more_hits = {"cut": [hit_of(row, kind, 8.0, kind != "pdq", **more)]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        assert deciding.confirm(_match("/v/1"), WHO, "", world.now).age == "unknown"


def test_a_changed_copy_on_a_page_that_was_clean_is_a_return(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "copy_match")
    world.fetcher.pages["/v/1"] = Page([], {"/m/1.jpg": "a"})
    world.visit()
    with tenancy.organisation(organisation.pk):
        finding = deciding.confirm(_match("/v/1"), WHO, "", world.now)
        Finding.objects.filter(pk=finding.pk).update(state="gone-confirmed")
    world.fetcher.pages["/v/1"] = Page([], {"/m/9.jpg": "cut"})
    world.matcher.more_hits = {"cut": [hit_of(row, "local", 40.0, True, region=REGION)]}
    _again(world)
    with tenancy.organisation(organisation.pk):
        assert CaseEvent.objects.filter(kind="finding.reappeared", subject=finding.pk).exists()


def test_a_rejected_page_is_a_candidate_again_when_her_picture_is_put_there(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "text_search")
    world.matcher.text_hits = {"Subject A": [hit_of(row, "text", 1.0, False, words="name")]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        deciding.reject(_match("/v/4"), WHO, "somebody else", world.now)
    _again(world, afresh=True)
    with tenancy.organisation(organisation.pk):
        assert _match("/v/4").state == "rejected"
    world.fetcher.pages["/v/4"] = Page([], {"/m/4.jpg": "stranger", "/m/new.jpg": "a~2"}, text="Subject A again")
    _again(world)
    with tenancy.organisation(organisation.pk):
        match = _match("/v/4")
        assert (match.state, match.kind) == ("candidate", "pdq")


def test_a_rejected_name_says_nothing_about_other_pages_with_the_same_banner(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "text_search")
    world.matcher.text_hits = {"Subject A": [hit_of(row, "text", 1.0, False, words="name")]}
    world.fetcher.pages = {"/": Page(["/v/1"]), "/v/1": Page([], {"/banner.jpg": "b"}, text="Subject A one")}
    world.visit()
    with tenancy.organisation(organisation.pk):
        deciding.reject(_match("/v/1"), WHO, "somebody else", world.now)
    world.fetcher.pages["/"] = Page(["/v/1", "/v/2"])
    world.fetcher.pages["/v/2"] = Page([], {"/banner.jpg": "b"}, text="Subject A two")
    _again(world)
    with tenancy.organisation(organisation.pk):
        assert _match("/v/2").state == "candidate"


def test_a_place_that_is_taken_out_counts_again_and_one_that_is_added_settles_what_waits(
    world: World, organisation: Any
) -> None:
    case, _ = _case(world, organisation)
    world.fetcher.pages["/v/2"] = Page([], {"/m/2.jpg": "a~3"})
    world.visit()
    with tenancy.organisation(organisation.pk):
        assert _match("/v/2").state == "candidate"
        place = own.add(case, "quiet-lake.example/v/2", "survivor", world.now)
        assert _match("/v/2").state == "own"
        own.end(case, place.pk, "survivor", world.now)
    _again(world, afresh=True)
    with tenancy.organisation(organisation.pk):
        assert _match("/v/2").state == "candidate"


def test_what_she_reports_in_her_own_place_is_no_longer_left(world: World, organisation: Any) -> None:
    case, _ = _case(world, organisation)
    world.fetcher.pages["/v/2"] = Page([], {"/m/2.jpg": "a~3"})
    with tenancy.organisation(organisation.pk):
        own.add(case, "quiet-lake.example", "survivor", world.now)
    world.visit()
    with tenancy.organisation(organisation.pk):
        assert _match("/v/2").state == "own"
        links.report(case, "http://quiet-lake.example/v/2", "survivor", world.now)
    _again(world, afresh=True)
    with tenancy.organisation(organisation.pk):
        assert _match("/v/2").state == "candidate"


def test_hits_of_a_fingerprint_that_was_taken_back_meanwhile_are_dropped(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "copy_match")
    world.matcher.more_hits = {"cut": [hit_of(row, "local", 40.0, True, region=REGION)]}
    with tenancy.organisation(organisation.pk):
        fingerprints.retire(row, "survivor", world.now)
    world.visit()
    with tenancy.organisation(organisation.pk):
        assert not Match.objects.exists()


def test_a_page_that_names_her_has_its_picture_to_be_checked(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "text_search")
    world.matcher.text_hits = {"Subject A": [hit_of(row, "text", 1.0, False, words="name")]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        finding = deciding.confirm(_match("/v/4"), WHO, "she said so", world.now)
        assert {asset.role for asset in Asset.objects.filter(finding=finding)} == {"page", "media"}
