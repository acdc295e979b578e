"""New fingerprints against what was met before, sweeps for new faces, and reported links."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from efface.accounts.models import FaceSearchPermission, User
from efface.cases import ages, consents, links
from efface.cases.models import Fingerprint, ReportedLink
from efface.engine.base import deadlines, tenancy
from efface.engine.base.models import Deadline
from efface.net.client import FetcherUnavailable
from efface.net.protocol import Limits
from efface.search import frontier, lookback, reported, sweep, urls
from efface.search.models import Frontier, Match, Media
from efface.search.pages import Tools
from efface.sites import registry
from efface.sites.models import Site
from tests.conftest import role
from tests.search.scene import Page, StubMatcher, clip_of, face, make_case, pdq_of, picture, sha_of, video
from tests.search.test_crawl import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that a site may have would be read at its second visit too."""
    monkeypatch.setattr("efface.search.lists.LATEST", ())


@pytest.fixture
def world(now: datetime) -> Iterator[World]:
    made = World(now)
    made.fetcher.pages = {
        "/": Page(["/v/1", "/v/2", "/v/3"]),
        "/v/1": Page([], {"/m/1.jpg": "a>", "/m/x.jpg": "stranger"}),
        "/v/2": Page([], {"/m/2.jpg": "a~31"}),
        "/v/3": Page([], {"/m/3.jpg": "a~32", "/m/x.jpg": "stranger"}),
    }
    yield made


def _waiting() -> list[tuple[str, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        return [(name, json.loads(args)) for name, args in cursor.fetchall()]


def test_a_new_picture_is_found_on_pages_met_before(world: World, organisation: Any) -> None:
    world.visit()
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        picture(case, "a", world.now)
    done = lookback.look(organisation.pk, case.pk, world.matcher, world.now)
    assert done.made == 2
    assert lookback.look(organisation.pk, case.pk, world.matcher, world.now).made == 0
    with tenancy.organisation(organisation.pk):
        reasons = {match.page_url[-4:]: match.reasons[0] for match in Match.objects.all()}
        assert (reasons["/v/1"]["view"], reasons["/v/1"]["distance"]) == ("flip-horizontal", 0)
        assert (reasons["/v/2"]["view"], reasons["/v/2"]["distance"]) == ("original", 31)
        assert all(match.baseline is None for match in Match.objects.all())
        world.matcher = StubMatcher(picture(case, "a", world.now))
    assert world.due() == world.now
    assert set(world.visit()) >= {"/v/1", "/v/2"}
    with tenancy.organisation(organisation.pk):
        assert all(match.baseline["text_shingles"] for match in Match.objects.all()), "read again, its text is known"


def test_a_page_that_no_longer_shows_it_is_read_first(world: World, organisation: Any) -> None:
    world.visit()
    world.fetcher.pages["/v/1"] = Page([], {"/m/x.jpg": "stranger"})
    Frontier.objects.update(due_at=world.now)
    world.next_visit()
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        picture(case, "a", world.now)
    lookback.look(organisation.pk, case.pk, world.matcher, world.now)
    with tenancy.organisation(organisation.pk):
        assert [match.page_url[-4:] for match in Match.objects.all()] == ["/v/2"]
    assert world.page("/v/1").due_at == world.now


def test_without_consent_nothing_is_looked_up(world: World, organisation: Any) -> None:
    world.visit()
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        picture(case, "a", world.now)
        consents.withdraw(case, "hash_match", "survivor", world.now)
    assert lookback.look(organisation.pk, case.pk, world.matcher, world.now).made == 0
    assert lookback.look(organisation.pk, uuid.uuid4(), world.matcher, world.now).made == 0


def test_a_sweep_reads_pages_with_faces_again_once_for_all_templates(world: World, organisation: Any) -> None:
    world.matcher.templates = 1
    world.fetcher.faces = {"a>": 1}
    world.visit()
    with tenancy.organisation(organisation.pk):
        worker = User.objects.create_user("w@helpline.example", "x", name="W", created=world.now)
        cases = [make_case(organisation, world.now, level="attested") for _ in range(2)]
        for case in cases:
            face(case, [1.0, 0.0], world.now)
    assert sweep.start(organisation.pk, cases[0].pk, world.matcher, world.now) == 0, "face search is off"
    with tenancy.organisation(organisation.pk):
        FaceSearchPermission.objects.create(
            organisation=organisation, impact_assessment="done", legal_basis="consent", countries="DE",
            recorded_by=worker, recorded_at=world.now,
        )  # fmt: skip
        sweep.request_all(organisation.pk, world.now)
        waiting = Deadline.objects.filter(kind=sweep.DUE).values_list("subject", flat=True)
        assert set(waiting) == {case.pk for case in cases}
    assert [sweep.start(organisation.pk, case.pk, world.matcher, world.now) for case in cases] == [1, 1]
    assert world.due() == world.now
    world.fetcher.fetched.clear()
    assert [path for path in world.visit() if path != "/"] == ["/v/1"]
    assert world.fetcher.fetched == ["/m/1.jpg"], "the stranger's picture shows no face"
    world.fetcher.fetched.clear()
    world.next_visit()
    assert world.fetcher.fetched == []


def test_media_never_looked_at_for_faces_are_swept_too(world: World, organisation: Any) -> None:
    world.visit()
    with tenancy.organisation(organisation.pk):
        worker = User.objects.create_user("w@helpline.example", "x", name="W", created=world.now)
        case = make_case(organisation, world.now, level="attested")
        face(case, [1.0, 0.0], world.now)
        FaceSearchPermission.objects.create(
            organisation=organisation, impact_assessment="done", legal_basis="consent", countries="DE",
            recorded_by=worker, recorded_at=world.now,
        )  # fmt: skip
    assert sweep.start(organisation.pk, case.pk, world.matcher, world.now) == 3


def test_news_of_a_case_becomes_work(organisation: Any, now: datetime) -> None:
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, now)
        consents.give(case, "hash_match", "survivor", now)
        consents.give(case, "hash_match", "survivor", now)
        consents.give(case, "notify", "survivor", now)
        consents.give(case, "face_search", "survivor", now)
        links.report(case, "http://quiet-lake.example/v/1", "survivor", now)
    names = [name for name, _ in _waiting()]
    assert names == ["search.jobs.look_back", "search.jobs.follow"]
    assert all(set(args) <= {"organisation", "case", "link"} for _, args in _waiting())
    with role("efface_engine"):
        rows = Deadline.objects.filter(subject=case.pk).order_by("kind").values_list("kind", "due")
        assert list(rows) == [("case.look_back", now.replace(hour=18)), ("case.sweep", now.replace(hour=18))]
        deadlines.fire(now.replace(hour=18))
    assert [name for name, _ in _waiting()][2:] == ["search.jobs.sweep"]


def test_a_due_site_becomes_a_job_and_is_never_forgotten(now: datetime) -> None:
    site = registry.register("http://quiet-lake.example/", now)
    with role("efface_engine"):
        assert deadlines.fire(now) == 1
    assert _waiting() == [("search.jobs.visit", {"site": str(site.pk)})]
    row = Deadline.objects.get(subject=site.pk, kind=registry.VISIT)
    assert (row.state, (row.due - now).days) == ("waiting", 7)
    Site.objects.update(state="paused")
    with role("efface_engine"):
        deadlines.fire(row.due)
    assert [name for name, _ in _waiting()].count("search.jobs.visit") == 1


# -- reported links -------------------------------------------------------------------------------------------------


def _report(organisation: Any, world: World, url: str, *pictures: str) -> ReportedLink:
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        rows = [picture(case, name, world.now) for name in pictures]
        world.matcher = StubMatcher(*rows)
        return links.report(case, url, "survivor", world.now)


def _follow(organisation: Any, world: World, link: ReportedLink) -> str:
    return reported.follow(organisation.pk, link.pk, Tools(world.fetcher, world.matcher, Limits(), 0.0), world.now)


def test_a_reported_link_is_looked_at_whatever_robots_say_and_its_site_is_visited(
    world: World, organisation: Any
) -> None:
    sites = Site.objects.all()
    sites._raw_delete(sites.db)  # what is only added to cannot be deleted along with it, and there is none
    Deadline.objects.all().delete()
    world.fetcher.forbidden = {"/v/2"}
    link = _report(organisation, world, "http://quiet-lake.example/v/2?utm_source=x", "a")
    assert _follow(organisation, world, link) == "matched"
    assert world.fetcher.scanned == ["/v/2"]
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get().kind == "pdq"
        link.refresh_from_db()
        assert (link.outcome, link.handled_at) == ("matched", world.now)
    assert Deadline.objects.get(kind=registry.VISIT).due == world.now
    assert _follow(organisation, world, link) == ""


def test_a_reported_page_without_a_known_picture_is_a_candidate_because_she_said_so(
    world: World, organisation: Any
) -> None:
    link = _report(organisation, world, "http://quiet-lake.example/v/3", "unrelated")
    assert _follow(organisation, world, link) == "seen: not recognised"
    with tenancy.organisation(organisation.pk):
        match = Match.objects.get()
        assert (match.kind, match.strong, match.reasons) == (
            "reported",
            False,
            [{"kind": "reported", "by": "survivor"}],
        )


@pytest.mark.parametrize(
    ("page", "outcome"),
    [
        (None, "not there"),
        (Page(walls=["login"]), "wall: login"),
        (Page(), "nothing shown"),
        (Page(status=500), "failed"),
        (Page(status=429), "busy"),
        (Page(to="/v/2"), "matched"),
    ],
)
def test_what_came_of_a_link_is_said(world: World, organisation: Any, page: Page | None, outcome: str) -> None:
    link = _report(organisation, world, "http://quiet-lake.example/linked", "a")
    if page is not None:
        world.fetcher.pages["/linked"] = page
    assert _follow(organisation, world, link) == outcome


@pytest.mark.parametrize("url", ["http://127.0.0.1/x.jpg", "http://co.uk/"])
def test_a_link_that_is_no_site(world: World, organisation: Any, url: str) -> None:
    link = _report(organisation, world, url, "a")
    assert _follow(organisation, world, link) == ""
    with tenancy.organisation(organisation.pk):
        link.refresh_from_db()
        assert link.outcome == "not a site"


def test_a_link_without_a_scheme_is_tried_both_ways(world: World, organisation: Any) -> None:
    world.fetcher.down = {"https://quiet-lake.example/v/2": "reset"}
    link = _report(organisation, world, "quiet-lake.example/v/2", "a")
    assert _follow(organisation, world, link) == "matched"


def test_a_link_is_not_lost_while_the_fetcher_is_down(
    world: World, organisation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(request: Any) -> Any:
        raise FetcherUnavailable("gone")

    link = _report(organisation, world, "http://quiet-lake.example/v/2", "a")
    monkeypatch.setattr(world.fetcher, "scan", gone)
    assert _follow(organisation, world, link) == "put off"
    monkeypatch.undo()
    assert world.visit()[0] == "/v/2"
    with tenancy.organisation(organisation.pk):
        assert Match.objects.filter(page_digest=world.page("/v/2").digest).count() == 1


def test_an_age_said_later_begins_what_waited_for_it(organisation: Any, now: datetime) -> None:
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, now, age="unknown")
        ages.declare(case, "adult", "survivor", now)
        assert "search.jobs.look_back" in {name for name, _ in _waiting()}
        assert Deadline.objects.filter(subject=case.pk, kind=sweep.DUE).exists()


def test_a_new_video_is_found_in_what_was_met_before(world: World, organisation: Any) -> None:
    """As a cut of it, as one picture of it; another video is not it."""
    world.fetcher.pages = {
        "/": Page(["/v/1", "/v/2", "/v/3"]),
        "/v/1": Page([], {"/m/cut.mp4": "cut"}),
        "/v/2": Page([], {"/m/still.jpg": "hers/7"}),
        "/v/3": Page([], {"/m/other.mp4": "other"}),
    }
    world.fetcher.clips = {"cut": clip_of("hers", 4, 16), "other": clip_of("somebody else's")}
    world.visit()
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        video(case, "hers", world.now)
    assert lookback.look(organisation.pk, case.pk, world.matcher, world.now).made == 2
    with tenancy.organisation(organisation.pk):
        cut, still = (Match.objects.get(page_digest=urls.digest(f"http://quiet-lake.example/v/{n}")) for n in (1, 2))
        assert (cut.kind, cut.strong, cut.reasons[0]["seconds"]) == ("video", True, [0.0, 11.0])
        assert (still.kind, still.strong) == ("video", False)


def test_a_new_picture_is_found_within_a_video_met_before(world: World, organisation: Any) -> None:
    world.fetcher.pages = {"/": Page(["/v/1"]), "/v/1": Page([], {"/m/show.gif": "show"})}
    world.fetcher.clips = {"show": clip_of("show")}
    world.visit()
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        row = picture(case, "show/9", world.now)
    assert row.value["pdq"] == pdq_of("show/9")
    assert lookback.look(organisation.pk, case.pk, world.matcher, world.now).made == 1


@pytest.mark.parametrize(("kind", "purpose"), [("local", "copy_match"), ("text", "text_search")])
def test_what_is_kept_nowhere_of_strangers_is_swept_for(
    world: World, organisation: Any, kind: str, purpose: str
) -> None:
    world.visit()
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now, level="attested")
        row = Fingerprint(organisation=organisation, case=case, kind=kind, age="adult", created=world.now)
        row.value = {}
        row.save()
    assert sweep.start(organisation.pk, case.pk, world.matcher, world.now) == 0  # no consent
    with tenancy.organisation(organisation.pk):
        consents.give(case, purpose, "survivor", world.now)
    assert sweep.start(organisation.pk, case.pk, world.matcher, world.now) == 3
    assert Frontier.objects.filter(sweep=True).count() == 3


def test_one_row_that_cannot_be_read_costs_no_other(world: World, organisation: Any) -> None:
    world.visit()
    Media.objects.filter(sha256=bytes.fromhex(sha_of("stranger"))).update(pdq=["zz"] * 8)
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        for broken in ([], ["0" * 64, "zz"], ["0" * 64, 5]):
            row = Fingerprint(organisation=organisation, case=case, kind="pdq", age="adult", created=world.now)
            row.value = {"pdq": broken, "sha256": ""}
            row.save()
        picture(case, "a", world.now)
    assert lookback.look(organisation.pk, case.pk, world.matcher, world.now).made == 2


@pytest.mark.parametrize("late", ["local", "text"])
def test_a_sweep_is_put_off_until_the_matcher_knows_everything_it_is_for(
    world: World, organisation: Any, late: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.visit()
    rows = {}
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now, level="attested")
        for kind, purpose in (("local", "copy_match"), ("text", "text_search")):
            consents.give(case, purpose, "survivor", world.now)
            rows[kind] = Fingerprint(organisation=organisation, case=case, kind=kind, age="adult", created=world.now)
            rows[kind].value = {}
            rows[kind].save()
        Deadline.objects.filter(kind=sweep.DUE).delete()
    late_id = str(rows[late].pk)
    monkeypatch.setattr(world.matcher, "missing", lambda ids: [one for one in ids if one == late_id])
    assert sweep.start(organisation.pk, case.pk, world.matcher, world.now, 0.0) == 0
    assert Frontier.objects.filter(sweep=True).count() == 0
    with tenancy.organisation(organisation.pk):
        assert Deadline.objects.get(kind=sweep.DUE).due == world.now.replace(hour=18)
    monkeypatch.undo()
    assert sweep.start(organisation.pk, case.pk, world.matcher, world.now, 0.0) == 3


def test_a_sweep_comes_after_what_was_asked_for_and_the_lists(world: World) -> None:
    world.visit()
    before = dict(Frontier.objects.values_list("digest", "priority"))
    reported_page = world.page("/v/2")
    Frontier.objects.filter(pk=reported_page.pk).update(priority=frontier.ASKED, due_at=world.now)
    digests = [bytes(world.page(path).digest) for path in ("/", "/v/1", "/v/2")]
    assert frontier.make_due(digests, world.now, sweep=True) == 3
    world.now += timedelta(days=1)
    assert world.visit()[:3] == ["/v/2", "/", "/v/1"]
    assert world.page("/v/1").priority == before[world.page("/v/1").digest] > frontier.SWEPT


def test_a_turned_still_of_a_video_is_found_in_what_was_met_before(world: World, organisation: Any) -> None:
    world.fetcher.pages = {"/": Page(["/v/1"]), "/v/1": Page([], {"/m/still.jpg": "hers/7>"})}
    world.visit()
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        video(case, "hers", world.now)
    assert lookback.look(organisation.pk, case.pk, world.matcher, world.now).made == 1
    with tenancy.organisation(organisation.pk):
        match = Match.objects.get()
        assert (match.kind, match.strong, match.reasons[0]["view"]) == ("video", False, "flip-horizontal")


def test_the_very_file_is_found_whatever_its_quality_and_however_often_it_is_enrolled(
    world: World, organisation: Any
) -> None:
    """An animation is enrolled as a video and as a picture."""
    world.fetcher.pages = {"/": Page(["/v/1", "/v/2"]), "/v/1": Page([], {"/m/1.gif": "flat"}),
                           "/v/2": Page([], {"/m/2.gif": "other"})}  # fmt: skip
    world.visit()
    Media.objects.update(quality=10)
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        picture(case, "flat", world.now)
        video(case, "flat", world.now)
        picture(case, "another", world.now)
    assert lookback.look(organisation.pk, case.pk, world.matcher, world.now).made == 1
    with tenancy.organisation(organisation.pk):
        match = Match.objects.get()
        assert match.page_url.endswith("/v/1")
        assert [(reason["kind"], reason["exact"]) for reason in match.reasons] == [("pdq", True)]
