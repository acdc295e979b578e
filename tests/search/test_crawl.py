"""Visits: polite, complete, idempotent, going on where they were killed, and never taking a wall for an empty page."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.engine.base import clock, tenancy
from efface.engine.base.models import Deadline
from efface.net.client import FetcherTimeout, FetcherUnavailable
from efface.net.protocol import Limits
from efface.search import crawl, pages, urls
from efface.search.crawl import Pace
from efface.search.models import Frontier, Match, Media, Sighting
from efface.search.pages import Tools
from efface.sites import registry
from efface.sites.models import Site
from tests.search.scene import Page, StubFetcher, StubMatcher, clip_of, make_case, pdq_of, picture, sha_of, video

pytestmark = pytest.mark.django_db
PACE = Pace(pages=12, step=12, delay_s=0.0, hours=24.0)


class World:
    """A site, its fetcher and the matcher, and time that is moved by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.fetcher, self.matcher = StubFetcher(), StubMatcher()
        self.site = registry.register("http://quiet-lake.example/", now)

    def visit(self, pace: Pace = PACE) -> list[str]:
        """One step; the paths that were read."""
        before = len(self.fetcher.scanned)
        tools = Tools(self.fetcher, self.matcher, Limits(), patience_s=0.0)
        with clock.fixed(self.now):
            crawl.visit(self.site.pk, tools, pace, self.now)
        self.site.refresh_from_db()
        return self.fetcher.scanned[before:]

    def next_visit(self) -> list[str]:
        """At the time that was set for it."""
        self.now = self.due()
        return self.visit()

    def due(self) -> datetime:
        return Deadline.objects.get(subject=self.site.pk, kind=registry.VISIT, state="waiting").due

    def page(self, path: str) -> Frontier:
        return Frontier.objects.get(digest=urls.digest(f"http://quiet-lake.example{path}"))


@pytest.fixture
def world(now: datetime) -> Iterator[World]:
    made = World(now)
    made.fetcher.pages = {
        "/": Page(["/v/1", "/v/2", "/v/3", "/page/2", "/login", "http://elsewhere.example/"],
                  thumbs={"/t/1.jpg": ("one~3", "/v/1"), "/t/2.jpg": ("two~3", "/v/2")}),
        "/page/2": Page(["/v/4", "/v/5", "/v/6", "/"], thumbs={"/t/4.jpg": ("four~3", "/v/4")}),
        **{f"/v/{n}": Page(["/", "/v/1"], {f"/m/{n}.jpg": name, f"/t/{n}.jpg": f"{name}~3"})
           for n, name in enumerate(["one", "two", "three", "four", "five", "six"], start=1)},
    }  # fmt: skip
    yield made


def test_reads_lists_first_then_everything_and_no_action_or_foreign_link(world: World) -> None:
    read = world.visit()
    assert read[:2] == ["/", "/page/2"]
    assert sorted(read) == ["/", "/page/2", "/v/1", "/v/2", "/v/3", "/v/4", "/v/5", "/v/6"]
    assert world.fetcher.robots_asked <= 3
    # A thumbnail met on the list is not fetched again on its page.
    assert world.fetcher.fetched.count("/t/1.jpg") == 1
    assert Media.objects.count() == 12
    assert Sighting.objects.filter(link_digest=world.page("/v/1").digest).count() == 1


def test_a_second_visit_asks_only_for_lists_and_fetches_no_medium(world: World) -> None:
    world.visit()
    counted = Media.objects.count(), Sighting.objects.count(), Frontier.objects.count()
    world.fetcher.fetched.clear()
    assert world.next_visit() == ["/", "/page/2"]
    assert world.fetcher.fetched == []
    assert (Media.objects.count(), Sighting.objects.count(), Frontier.objects.count()) == counted


def test_quiet_sites_are_visited_ever_more_rarely_and_changing_ones_daily(world: World) -> None:
    world.visit()
    assert world.due() == world.now + timedelta(hours=24)
    waits = []
    for _ in range(4):
        world.next_visit()
        waits.append((world.due() - world.now).total_seconds() / 3600)
    assert waits == [48, 96, 168, 168]
    world.fetcher.pages["/"].links.append("/v/9")
    world.fetcher.pages["/v/9"] = Page([], {"/m/9.jpg": "nine"})
    assert "/v/9" in world.next_visit()
    assert world.due() - world.now == timedelta(hours=24)


def test_what_is_new_on_a_list_is_read_at_the_next_visit_though_others_wait(world: World) -> None:
    """No thumbnail tells of it, and the site has more pages than its budget allows: those that wait to be read for the
    first time, and those that are due again."""
    world.fetcher.pages = {"/": Page([f"/v/{n}" for n in range(30)])}
    world.fetcher.pages |= {f"/v/{n}": Page(["/"], {f"/m/{n}.jpg": f"p{n}"}) for n in range(30)}
    small = Pace(pages=4, step=4, delay_s=0.0, hours=24.0)
    world.visit(small)
    for _ in range(3):
        world.now = world.due()
        world.visit(small)
    Frontier.objects.filter(depth=1, read_at__isnull=False).update(due_at=world.now - timedelta(days=3))
    world.fetcher.pages["/"].links.append("/v/new")
    world.fetcher.pages["/v/new"] = Page(["/"], {"/m/new.jpg": "new"})
    world.now = world.due()
    read = world.visit(small)
    assert read[0] == "/" and "/v/new" in read and len(read) == 4
    assert Frontier.objects.filter(visited_at=None).count() > 10, "and others wait still"
    page = world.page("/v/new")
    assert page.priority == urls.priority(page.url, page.depth), "from then on it is a page like others"


def test_due_times_lie_on_the_grid(world: World) -> None:
    world.now += timedelta(minutes=17)
    world.visit()
    assert (world.due().hour % 6, world.due().minute, world.due().second) == (0, 0, 0)


def test_a_match_on_the_page_not_on_the_list_that_shows_its_thumbnail(world: World, organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        world.matcher = StubMatcher(picture(case, "two", world.now))
    world.visit()
    with tenancy.organisation(organisation.pk):
        match = Match.objects.get()
        assert (match.page_url, match.media_url) == (
            "http://quiet-lake.example/v/2", "http://quiet-lake.example/m/2.jpg",
        )  # fmt: skip
        assert [(reason["distance"], reason["role"]) for reason in match.reasons] == [(0, "media"), (3, "media")]
        assert match.baseline["media_urls"] and match.baseline["text_shingles"]
    assert Match.objects.count() == 0, "and no other transaction sees it"


def test_a_walled_page_is_matched_by_its_thumbnail_and_called_a_wall(world: World, organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        world.matcher = StubMatcher(picture(make_case(organisation, world.now), "two", world.now))
    world.fetcher.pages["/v/2"] = Page(walls=["login"], status=200)
    world.visit()
    page = world.page("/v/2")
    assert (page.wall, page.read_at, page.status) == ("login", None, 200)
    with tenancy.organisation(organisation.pk):
        match = Match.objects.get()
        assert match.page_url == "http://quiet-lake.example/v/2"
        assert [reason["kind"] for reason in match.reasons] == ["pdq", "listed"]


def test_a_page_that_robots_forbid_is_matched_by_its_thumbnail_and_not_read(world: World, organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        world.matcher = StubMatcher(picture(make_case(organisation, world.now), "two", world.now))
    world.fetcher.forbidden = {"/v/2"}
    assert "/v/2" not in world.visit()
    with tenancy.organisation(organisation.pk):
        match = Match.objects.get()
        assert (match.page_url, [reason["kind"] for reason in match.reasons]) == (
            "http://quiet-lake.example/v/2", ["pdq", "listed"],
        )  # fmt: skip


def test_a_visit_that_was_killed_goes_on_where_it_stopped(world: World, organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        world.matcher = StubMatcher(picture(make_case(organisation, world.now), "six", world.now))
    world.fetcher.crash_at = "/v/3"
    with pytest.raises(KeyboardInterrupt):
        world.visit()
    done = set(world.fetcher.scanned) - {"/v/3"}
    world.fetcher.crash_at = ""
    rest = world.visit()
    assert done.isdisjoint(rest)
    assert done | set(rest) == {"/", "/page/2", *(f"/v/{n}" for n in range(1, 7))}
    with tenancy.organisation(organisation.pk):
        assert Match.objects.count() == 1


def test_the_same_visit_run_twice_changes_nothing(world: World, organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        world.matcher = StubMatcher(picture(make_case(organisation, world.now), "two", world.now))
    world.visit()
    Frontier.objects.update(visited_at=None, due_at=world.now, etag="", read_at=None)
    world.visit()
    with tenancy.organisation(organisation.pk):
        assert Match.objects.count() == 1
        assert len(Match.objects.get().reasons) == 2


def test_no_more_than_the_budget_and_the_rest_at_the_next_step(world: World) -> None:
    assert len(world.visit(Pace(3, 3, 0.0, 24.0))) == 3
    assert world.due() == world.now + timedelta(hours=6)
    world.now = world.due()
    assert len(world.visit(Pace(30, 30, 0.0, 24.0))) == 5 + 2


def test_the_day_has_a_budget_of_its_own(world: World) -> None:
    slow = Pace(pages=12, step=12, delay_s=86400 / 5, hours=24.0)
    assert len(world.visit(slow)) == 5
    world.now += timedelta(hours=6)
    assert world.visit(slow) == []
    world.now = world.now.replace(hour=0) + timedelta(days=1)
    assert len(world.visit(slow)) > 0


def test_in_production_one_page_a_step_and_the_next_after_the_delay(world: World) -> None:
    world.fetcher.delay = 5.0
    pace = Pace(pages=3, step=1, delay_s=2.0, hours=24.0)
    for path in ("/", "/page/2"):
        assert world.visit(pace) == [path]
        assert world.due() == world.now + timedelta(seconds=5)
        world.now = world.due()
    assert len(world.visit(pace)) == 1
    assert world.fetcher.robots_asked == 2
    assert world.due() - world.now >= timedelta(hours=5)


def test_robots_txt_forbids_pages_and_sites(world: World) -> None:
    world.fetcher.forbidden = {"/v/2", "/v/3"}
    assert not {"/v/2", "/v/3"} & set(world.visit())
    assert world.page("/v/2").wall == "robots"
    world.fetcher.forbidden = {"/"}
    world.now += timedelta(days=2)
    world.visit()
    assert world.site.last_error == "robots.txt forbids"


@pytest.mark.parametrize(("status", "down"), [(503, {}), (200, {"/robots.txt": "timeout"})])
def test_without_robots_txt_nothing_is_read(world: World, status: int, down: dict[str, str]) -> None:
    world.fetcher.robots_status, world.fetcher.down = status, down
    assert world.visit() == []
    assert world.site.failures == 1
    assert world.site.last_error.startswith("robots.txt: ")


def test_backs_off_longer_each_time_and_recovers(world: World) -> None:
    world.fetcher.down = {"*": "timeout"}
    waits = []
    for _ in range(7):
        world.visit()
        waits.append((world.due() - world.now) / timedelta(hours=1))
        world.now = world.due()
    assert waits == [6, 12, 24, 48, 96, 168, 168]
    assert Frontier.objects.filter(read_at__isnull=False).count() == 0
    world.fetcher.down = {}
    assert len(world.visit()) == 8
    assert (world.site.failures, world.site.last_error, world.site.backoff_until) == (0, "", None)


def test_pages_that_hang_do_not_make_the_site_dead(world: World) -> None:
    world.fetcher.down = {"/v/1": "timeout", "/v/2": "timeout", "/v/3": "timeout"}
    for _ in range(3):
        world.next_visit()
        assert (world.site.failures, world.site.last_error) == (0, "")
    assert {"/", "/v/4", "/v/5", "/v/6"} <= set(world.fetcher.scanned)
    assert all(world.fetcher.scanned.count(path) == 1 for path in ("/v/1", "/v/2", "/v/3")), "not at once again"


def test_a_busy_site_is_left_alone_as_long_as_it_asks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.visit()
    world.fetcher.pages["/page/2"] = Page(status=429)
    world.now = world.due()
    assert world.visit() == ["/", "/page/2"]
    assert world.site.last_error == "429"
    assert world.site.backoff_until == world.now + timedelta(hours=6)
    later = world.now + timedelta(hours=1)
    world.now = later
    assert world.visit() == []


def test_a_challenge_on_the_front_page_is_a_wall_not_an_empty_site(world: World) -> None:
    world.fetcher.pages["/"] = Page(walls=["challenge"], status=403)
    world.visit()
    assert (world.page("/").wall, world.page("/").read_at, world.site.last_error) == ("challenge", None, "challenge")


def test_https_is_tried_first_and_http_where_nobody_answers(now: datetime) -> None:
    world = World(now)
    Site.objects.update(start_url="https://quiet-lake.example/")
    world.fetcher.pages["/"] = Page()
    world.fetcher.down = {"https://quiet-lake.example/": "reset"}
    assert world.visit() == ["https://quiet-lake.example/"]
    assert (world.site.start_url, world.due()) == ("http://quiet-lake.example/", now)
    assert world.visit() == ["/"]


def test_a_page_that_moved_is_not_taken_for_where_it_moved_to(world: World) -> None:
    world.fetcher.pages["/v/2"] = Page(to="/")
    world.visit()
    assert world.page("/v/2").read_at is None
    assert not Sighting.objects.filter(page_digest=world.page("/v/2").digest).exists()


def test_what_is_gone_and_comes_back_into_the_list_is_read_again(world: World) -> None:
    world.visit()
    world.fetcher.pages["/"].links.remove("/v/3")
    gone = world.fetcher.pages.pop("/v/3")
    assert world.next_visit() == ["/", "/page/2"]
    world.fetcher.pages["/"].links.append("/v/3")
    world.fetcher.pages["/v/3"] = gone
    assert "/v/3" in world.next_visit()


def test_an_endless_calendar_and_an_endless_path_end(world: World) -> None:
    class Endless(dict[str, Page]):
        def get(self, path: str, default: Any = None) -> Any:  # type: ignore[override]
            if path.startswith("/calendar"):
                number = len(path)
                return Page([f"/calendar?month=2026-{number + step:02d}" for step in range(20)])
            if path.startswith("/x"):
                return Page([path + "/a/b" if path.endswith("b") or path == "/x" else f"{path}/{len(path)}", "/x/1"])
            return super().get(path, default)

    world.fetcher.pages = Endless(world.fetcher.pages)
    world.fetcher.pages["/"].links += ["/calendar?month=2026-01", "/x"]
    read = world.visit(Pace(100, 100, 0.0, 24.0))
    assert 2 <= sum(path.startswith("/calendar") for path in read) <= 6
    assert {"/x", "/x/a/b", "/x/1/4/6/8"} <= set(read)
    assert sum(path.startswith("/x") for path in read) <= 8
    assert world.next_visit() == ["/", "/page/2"], "there is an end"


def test_broken_media_are_noted_and_do_not_stop_anything(world: World) -> None:
    world.fetcher.pages["/v/1"] = Page([], {"/m/a.jpg": "corrupt", "/m/b.jpg": "", "/m/c.jpg": "fine"})
    world.visit()
    met = Media.objects.filter(sightings__page_digest=world.page("/v/1").digest)
    assert sorted(met.values_list("error", flat=True)) == ["", "corrupt"]


def test_a_fetcher_that_is_not_there_puts_the_visit_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(request: Any) -> Any:
        raise FetcherUnavailable("gone")

    monkeypatch.setattr(world.fetcher, "scan", gone)
    assert world.visit() == []
    assert (world.site.failures, world.due()) == (0, world.now + timedelta(hours=6))
    monkeypatch.undo()
    assert len(world.next_visit()) == 8


def test_a_site_that_is_paused_or_stopped_is_not_visited(world: World) -> None:
    Site.objects.update(state="stopped")
    assert world.visit() == []


def test_an_operator_that_asks_money_is_known_from_its_pages(world: World) -> None:
    world.fetcher.pages["/v/1"].text = "Want it removed? Paid removal service: $299 per picture."
    world.visit()
    assert world.site.hostility == "extortionate"


def test_faces_are_fetched_once_a_page_and_again_only_in_a_sweep(world: World) -> None:
    world.matcher.templates = 1
    world.fetcher.faces = {"two": 1}
    world.visit()
    assert all(request.faces for request in world.fetcher.requests)
    assert sorted(Media.objects.filter(faces__gt=0).values_list("faces", "faces_seen")) == [(1, True)]
    world.fetcher.fetched.clear()
    world.fetcher.pages["/v/2"].links.append("/v/77")
    world.fetcher.pages["/v/1"].shows["/m/2.jpg"] = "two"
    Frontier.objects.update(due_at=world.now)
    world.now += timedelta(days=1)
    world.visit()
    assert world.fetcher.fetched == ["/m/2.jpg"], "new on page 1, known on page 2"


def test_faces_that_never_reached_the_matcher_are_looked_at_again(world: World) -> None:
    world.matcher.templates = 1
    world.fetcher.faces = {"two": 1}
    compare = world.matcher.compare

    def comparing(question: Any) -> Any:
        world.matcher.boot = "2"
        return compare(question)

    world.matcher.compare = comparing  # type: ignore[method-assign]
    world.visit()
    page = world.page("/v/2")
    assert (page.afresh, page.due_at) == (True, world.now)
    assert world.due() == world.now + timedelta(hours=6)
    world.fetcher.fetched.clear()
    world.next_visit()
    assert "/m/2.jpg" in world.fetcher.fetched
    assert not world.page("/v/2").afresh


def test_a_page_that_takes_too_long_does_not_hold_up_its_site(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = world.fetcher.scan

    def scanning(request: Any) -> Any:
        if request.url.endswith("/v/2"):
            raise FetcherTimeout("timeout")
        return scan(request)

    monkeypatch.setattr(world.fetcher, "scan", scanning)
    assert sorted(world.visit()) == ["/", "/page/2", "/v/1", "/v/3", "/v/4", "/v/5", "/v/6"]
    page = world.page("/v/2")
    assert (page.failures, page.read_at) == (1, None) and page.due_at > world.now


def test_media_there_was_no_time_for_are_met_at_the_next_visit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.matcher.looks = 1
    world.fetcher.pages["/v/1"] = Page([], {f"/m/{n}.mp4": f"clip {n}" for n in range(5)})
    scan = world.fetcher.scan

    def scanning(request: Any) -> Any:
        """Two media a request."""
        done = scan(request)
        return replace(done, media=done.media[:2], skipped=[*done.skipped, *(one.ref for one in done.media[2:])])

    monkeypatch.setattr(world.fetcher, "scan", scanning)
    world.visit()
    for met in (2, 4, 5):
        assert Sighting.objects.filter(page_digest=world.page("/v/1").digest).count() == met
        assert world.page("/v/1").due_at == world.now or met == 5
        world.next_visit()
    assert world.page("/v/1").due_at > world.now


@pytest.mark.parametrize("error", ["crashed", "timeout", "memory", "off"])
def test_a_file_that_could_not_be_read_once_is_read_another_time(
    world: World, error: str
) -> None:
    """And is then known by its content, wherever it was met first."""
    world.matcher.templates = 1
    world.fetcher.clips = {"two": clip_of("two")}
    world.fetcher.unread = {"two": error}
    world.visit()
    blank = Media.objects.get(sha256=bytes.fromhex(sha_of("two")))
    assert (blank.error, blank.pdq, bytes(blank.clip), blank.faces_seen) == (error, [], b"", False)
    assert world.page("/v/2").due_at > world.now, "it may never be read: its page waits its turn"
    world.fetcher.unread = {}
    Frontier.objects.update(due_at=world.now)
    world.next_visit()
    read = Media.objects.get(pk=blank.pk)
    assert (read.error, read.pdq, read.quality, read.width) == ("", pdq_of("two"), 90, 640)
    assert bytes(read.clip) == b64decode(clip_of("two")) and read.faces_seen


def test_a_file_that_cannot_be_read_later_keeps_what_was_read(world: World) -> None:
    world.visit()
    world.fetcher.unread = {"two": "timeout"}
    Frontier.objects.update(due_at=world.now, afresh=True)
    world.next_visit()
    assert Media.objects.get(sha256=bytes.fromhex(sha_of("two"))).pdq == pdq_of("two")


def test_long_videos_are_asked_about_in_several_questions_and_read_when_they_are_needed(
    world: World, organisation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the hits are those of the right medium."""
    names = [f"clip {n}" for n in range(5)]
    world.fetcher.clips = {name: clip_of(name) for name in names}
    world.fetcher.pages["/v/1"] = Page([], {f"/m/{n}.mp4": name for n, name in enumerate(names)})
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        world.matcher = StubMatcher(video(case, "clip 3", world.now))
    monkeypatch.setattr(pages, "MOST_CLIPS", 2 * len(world.fetcher.clips["clip 0"]) + 2000)
    world.visit()
    asked = [len(one.media) for one in world.matcher.questions if any(shown.clip for shown in one.media)]
    assert asked == [2, 2, 1]
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get().media_url.endswith("/m/3.mp4")
        Match.objects.all().delete()
    known = crawl.Seen.of_site(world.site.pk, world.now)
    assert not any(hasattr(one, "clip") for one in known.known.values())
    world.matcher.questions.clear()
    Frontier.objects.update(due_at=world.now, etag="")
    world.next_visit()
    assert world.fetcher.fetched.count("/m/3.mp4") == 1
    assert sum(bool(shown.clip) for one in world.matcher.questions for shown in one.media) == 5
    with tenancy.organisation(organisation.pk):
        assert Match.objects.get().media_url.endswith("/m/3.mp4")
