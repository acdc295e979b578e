"""Pages that name another as their canonical address, guessed pages, and pages on which something was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.net.protocol import FetchFacts, MediaRef, Scan, ScanRequest
from efface.search import coverage, frontier, lists, revisit, urls
from efface.search.canonicals import is_double
from efface.search.media import Met
from efface.search.models import Frontier
from tests.conftest import NOON
from tests.search.scene import Page, StubFetcher, sha_of
from tests.search.test_crawl import World

pytestmark = pytest.mark.django_db
HOST = "http://quiet-lake.example"


class Naming(StubFetcher):
    """``named``: path -> the canonical path that its page names."""

    def __init__(self) -> None:
        super().__init__()
        self.named: dict[str, str] = {}

    def scan(self, request: ScanRequest) -> Scan:
        found = super().scan(request)
        named = self.named.get(self._path(request.url), self.named.get("*", ""))
        return replace(found, canonical=self._url(named) if named.startswith("/") else named)


class NamingWorld(World):
    fetcher: Naming


@pytest.fixture
def world(now: datetime) -> NamingWorld:
    made = NamingWorld(now)
    made.fetcher = Naming()
    made.fetcher.pages = {
        "/": Page(["/v/1", "/v/1?from=top", "/v/2"]),
        "/v/1": Page([], {"/m/1.jpg": "one"}),
        "/v/1?from=top": Page([], {"/m/1.jpg": "one"}),
        "/v/2": Page([], {"/m/2.jpg": "two"}),
    }
    return made


def again(world: NamingWorld) -> None:
    """Read everything once more, after its time."""
    Frontier.objects.update(due_at=world.now, etag="")
    world.visit()


def test_what_shows_the_same_is_a_double_and_comes_back_later(world: NamingWorld) -> None:
    world.fetcher.named = {"/v/1?from=top": "/v/1", "/v/1": "/v/1"}
    world.visit()
    again(world)
    double = world.page("/v/1?from=top")
    assert double.wall == frontier.DOUBLE and world.page("/v/1").wall == ""
    assert double.due_at - world.now == timedelta(days=revisit.LONGEST_PAGE_DAYS)
    assert "same as another" in coverage.outcome(double.status, double.wall, 0)


def test_one_canonical_address_for_all_pages_hides_none(world: NamingWorld) -> None:
    """The hostile case: every page says that it is the first picture's."""
    world.fetcher.named = {"*": "/v/1"}
    world.visit()
    again(world)
    assert world.page("/v/2").wall == "" and world.page("/v/2").read_at == world.now
    assert Frontier.objects.filter(wall=frontier.DOUBLE).count() == 1
    world.fetcher.pages["/v/1?from=top"] = Page([], {"/m/9.jpg": "nine"})
    again(world)
    assert world.page("/v/1?from=top").wall == "", "it shows something of its own now"


@pytest.mark.parametrize("named", ["http://elsewhere.example/v/1", "/v/1.jpg", "/login", "/v/404", "javascript:x"])
def test_a_canonical_address_that_makes_no_sense_says_nothing(world: NamingWorld, named: str) -> None:
    world.fetcher.named = {"/v/1?from=top": named}
    world.visit()
    again(world)
    assert world.page("/v/1?from=top").wall == ""


def test_the_same_address_with_other_bytes_is_no_double(world: NamingWorld) -> None:
    world.visit()
    page, scan = world.page("/v/1?from=top"), Scan(FetchFacts(HOST), canonical=f"{HOST}/v/1")

    def met(name: str) -> list[Met]:
        url = f"{HOST}/m/1.jpg"
        return [Met(MediaRef(url), "", urls.digest(url), None, sha_of(name), [], 0, True)]

    assert is_double(page, scan, met("one"), world.now)
    assert not is_double(page, scan, met("two"), world.now)
    assert not is_double(page, scan, met("one"), world.now + timedelta(days=90)), "seen too long ago"
    assert not is_double(page, scan, [], world.now), "a page that shows nothing is nobody's double"


def test_pages_of_a_form_that_has_only_doubles_wait_behind_others_and_are_read_all_the_same(world: NamingWorld) -> None:
    again_and_again = [f"/v/1-p{n}" for n in range(8)]
    world.fetcher.pages["/"] = Page(["/v/1", *again_and_again[:6]])
    for path in again_and_again:
        world.fetcher.pages[path] = Page([], {"/m/1.jpg": "one"})
    world.fetcher.named = {"*": "/v/1"}
    world.visit()
    again(world)
    assert Frontier.objects.filter(wall=frontier.DOUBLE).count() >= frontier.SOME_DOUBLES
    world.fetcher.pages["/"] = Page(["/v/1", *again_and_again, "/v/2"])
    Frontier.objects.filter(depth=0).update(due_at=world.now, etag="")
    read = world.visit()
    assert world.page(again_and_again[7]).priority == frontier.DOUBLED
    assert read.index("/v/2") < read.index(again_and_again[7])


def test_lists_of_what_is_new_are_looked_for_once(world: NamingWorld) -> None:
    world.fetcher.pages["/latest"] = Page(["/v/7", "/v/8", "/v/9"])
    world.fetcher.pages |= {f"/v/{n}": Page([], {f"/m/{n}.jpg": str(n)}) for n in (7, 8, 9)}
    world.fetcher.forbidden = {"/recent"}
    world.visit()
    before = world.site.day_pages
    world.next_visit()
    asked = [path for path in world.fetcher.scanned if path in lists.LATEST]
    assert sorted(asked) == ["/latest", "/new", "/tags"], "robots.txt forbids the fourth"
    assert "/v/9" in world.fetcher.scanned and world.site.day_pages >= before + len(asked)
    assert frontier.is_list(world.page("/latest"))
    for path in ("/new", "/tags"):
        assert world.page(path).due_at - world.now >= timedelta(days=150)
    for _ in range(4):
        world.next_visit()
    assert world.fetcher.scanned.count("/new") == 1


def test_a_site_that_has_such_a_list_is_asked_for_no_other(world: NamingWorld) -> None:
    world.fetcher.pages["/"] = Page(["/v/1", "/newest", "/tag/lake"])
    world.visit()
    world.next_visit()
    assert not [path for path in world.fetcher.scanned if path in lists.LATEST]


def test_pages_on_which_something_was_found_come_back_sooner() -> None:
    def days(harm: int, unchanged: int) -> float:
        given: Any = {"changed": False, "dull": False, "listed": False, "failures": 0, "ever_read": True}
        after = revisit.after_page("read", now=NOON, unchanged=unchanged, harm=harm, **given)
        return (after.due - NOON).total_seconds() / 86400

    assert [days(harm, 0) for harm in (0, 2, 6, 99)] == [28, 14, 7, 7]
    assert [days(harm, 9) for harm in (0, 6)] == [56, 14], "however quiet it is"
