"""What a site says of itself is read and believed as far as it goes: sitemaps, feeds, parameters, its own search."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.engine.base import tenancy
from efface.net.protocol import Entry, FetchFacts, Listed, MediaRef, Scan
from efface.search import asking, lists, lore, revisit, rules
from efface.search.models import Frontier, SiteList, SiteLore
from efface.search.rules import Decision, Rule
from tests.conftest import NOON
from tests.search.scene import Page, make_case
from tests.search.test_crawl import World

pytestmark = pytest.mark.django_db
HOST = "http://quiet-lake.example"


@pytest.fixture
def world(now: datetime) -> World:
    made = World(now)
    made.fetcher.pages = {"/": Page(["/v/1"]), "/v/1": Page([], {"/m/1.jpg": "one"})}
    return made


def _listed(kind: Any, *entries: Entry, template: str = "") -> Listed:
    return Listed(FetchFacts(HOST, HOST, 200, {"etag": "e"}), kind, list(entries), template)


def test_a_sitemap_that_robots_names_opens_pages_nothing_links_to(world: World) -> None:
    world.fetcher.sitemaps = ["/maps.xml"]
    world.fetcher.lists = {
        "/maps.xml": _listed("index", Entry(f"{HOST}/s/1.xml")),
        "/s/1.xml": _listed(
            "sitemap", Entry(f"{HOST}/v/9"), Entry("http://elsewhere.example/v/1"), Entry(f"{HOST}/a.zip")
        ),
    }
    world.fetcher.pages["/v/9"] = Page([], {"/m/9.jpg": "nine"})
    world.visit()
    world.next_visit()
    world.next_visit()
    assert world.fetcher.lists_read[:2] == ["/maps.xml", "/s/1.xml"]
    assert "/v/9" in world.fetcher.scanned
    assert not [path for path in world.fetcher.scanned if "elsewhere" in path or path == "/a.zip"]


def test_what_a_sitemap_says_changed_is_read_again(world: World) -> None:
    world.visit()
    row = world.page("/v/1")
    later = int((world.now + timedelta(days=2)).timestamp())
    lists.note(world.site, [f"{HOST}/map.xml"], world.now)
    world.fetcher.lists["/map.xml"] = _listed("sitemap", Entry(f"{HOST}/v/1", later))
    world.now += timedelta(days=3)
    assert row.due_at > world.now
    assert "/v/1" in world.visit()


def test_lists_that_were_only_guessed_are_given_up_and_named_ones_tried_again(world: World) -> None:
    world.visit()
    world.next_visit()
    assert set(world.fetcher.lists_read) == set(lists.USUAL)
    guessed = SiteList.objects.filter(guessed=True)
    assert all(row.due_at > world.now + timedelta(days=90) for row in guessed)
    lists.note(world.site, [f"{HOST}/named.xml"], world.now)
    world.next_visit()
    named = SiteList.objects.get(guessed=False)
    assert named.failures == 1 and named.due_at < world.now + timedelta(days=3)


def test_a_site_may_name_any_number_of_lists_and_few_are_read(world: World) -> None:
    assert lists.note(world.site, [f"{HOST}/s/{number}.xml" for number in range(500)], world.now) == lists.MOST
    world.site.visits = 5
    assert len(lists.due(world.site, world.now)) == lists.A_VISIT
    assert lists.note(world.site, ["http://elsewhere.example/s.xml"], world.now) == 0


def test_a_parameter_that_changes_nothing_is_left_out_and_one_that_does_is_kept() -> None:
    seen: dict[str, list[int]] = {}
    assert lore.verdict(seen, "zz") == ""
    assert lore.verdict({"zz": [lore.SURE, 0]}, "zz") == "drop"
    assert lore.verdict({"zz": [lore.SURE + 9, 1]}, "zz") == "keep"
    assert lore.without(f"{HOST}/list?zz=1&id=2", ["zz"]) == f"{HOST}/list?id=2"


def test_two_readings_are_the_same_by_title_media_and_nearly_all_links() -> None:
    def scan(title: str = "T", media: str = "/m.jpg", links: int = 20, sid: str = "1") -> Scan:
        found = [f"{HOST}/v/{number}?zz={sid}" for number in range(links)]
        return Scan(FetchFacts(HOST, HOST, 200), title, links=found, skipped=[MediaRef(HOST + media)])

    one = lore.shown(scan(), "zz")
    assert lore.is_same(one, lore.shown(scan(sid="2"), "zz"))
    assert lore.is_same(one, lore.shown(scan(links=19), "zz"))
    for other in (scan(title="U"), scan(media="/n.jpg"), scan(links=5)):
        assert not lore.is_same(one, lore.shown(other, "zz"))


def test_session_ids_of_an_unknown_name_are_learned_and_the_trap_is_left(world: World) -> None:
    links = [f"/list/{place}?zz={turn}{place}aaaa" for place in range(4) for turn in range(6)]
    world.fetcher.pages["/"] = Page(links)
    world.fetcher.pages |= {link: Page([], {f"/m/{link[6]}.jpg": f"p{link[6]}"}) for link in links}
    world.fetcher.pages |= {f"/list/{place}": Page([], {f"/m/{place}.jpg": f"p{place}"}) for place in range(4)}
    for _ in range(4):
        world.visit()
        world.now = world.due()
    learned = SiteLore.objects.get(site=world.site)
    assert lore.dropped(learned) == {"zz"}
    before = len(world.fetcher.scanned)
    world.fetcher.pages["/"].links = [f"/list/{place}?zz=fresh{place}" for place in range(4)]
    world.visit()
    read = world.fetcher.scanned[before:]
    assert not [path for path in read if "fresh" in path]
    assert not [row for row in Frontier.objects.filter(site=world.site, visited_at=None) if "zz=" in (row.url or "")]


def test_pages_that_only_scripts_write_have_the_browser_asked_for_all(world: World) -> None:
    learned = lore.of(world.site.pk)
    rendered, shell = Scan(FetchFacts(HOST, HOST, 200), rendered=True), Scan(FetchFacts(HOST, HOST, 200), scripted=True)
    assert lore.browser(learned) == "if-needed"
    for _ in range(lore.RENDER_AFTER):
        lore.note_scripts(learned, rendered)
    assert lore.browser(learned) == "always"
    lore.note_scripts(learned, shell)
    assert lore.browser(learned) == "if-needed" and learned.unseen == 1
    lore.note_scripts(learned, Scan(FetchFacts(HOST, HOST, 200)))
    assert learned.scripted == 0


def test_a_sites_own_search_is_asked_only_where_it_was_allowed_and_consented(world: World, organisation: Any) -> None:
    from efface.cases import consents, naming

    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now, level="attested")
        consents.give(case, "text_search", "survivor", world.now)
        naming.add(case, "handle", "quiet.kestrel.77", "survivor", world.now)
        naming.add(case, "email", "kestrel@example.org", "survivor", world.now)
    allowed = Rule(search_words=True, organisation=organisation.pk)
    assert asking.words(Rule(organisation=organisation.pk), world.now) == []
    assert asking.words(allowed, world.now) == ["quiet.kestrel.77"]
    with tenancy.organisation(organisation.pk):
        consents.withdraw(case, "text_search", "survivor", world.now)
    assert asking.words(allowed, world.now) == []


def test_what_its_search_leads_to_is_read_and_the_question_is_written_nowhere(world: World, organisation: Any) -> None:
    from efface.cases import consents, naming

    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now, level="attested")
        consents.give(case, "text_search", "survivor", world.now)
        naming.add(case, "handle", "quiet.kestrel.77", "survivor", world.now)
        given = Decision("She asked us to look on this site.", search_words=True)
        rules.decide(world.site, given, organisation.pk, "coordinator:1", world.now)
    learned = lore.of(world.site.pk)
    learned.search = f"{HOST}/s?q={{word}}"
    learned.save()
    world.fetcher.pages |= {"/s?q=quiet.kestrel.77": Page(["/v/7"]), "/v/7": Page([], {"/m/7.jpg": "seven"})}
    for _ in range(asking.TURNS + 1):
        world.visit()
        world.now = world.due()
    assert world.fetcher.scanned.count("/s?q=quiet.kestrel.77") == 1
    assert "/v/7" in world.fetcher.scanned
    assert not [row for row in Frontier.objects.filter(site=world.site) if "kestrel" in (row.url or "")]


@pytest.mark.parametrize("template", ["", HOST, f"{HOST}/{{word}}/{{word}}"])
def test_a_template_without_one_place_for_words_is_not_asked(template: str) -> None:
    assert asking.address(template, "a b&c") == ""
    assert asking.address(f"{HOST}/s?q={{word}}", "a b&c") == f"{HOST}/s?q=a+b%26c"


def test_harm_has_a_site_visited_sooner() -> None:
    def hours(harm: int, changed: bool) -> float:
        found = revisit.after_visit(
            now=NOON, changed=changed, more_due=False, hours=168.0, quiet=5, base_h=24.0, harm=harm
        )  # fmt: skip
        return found.hours

    assert [hours(harm, True) for harm in (0, 2, 6, 99)] == [24.0, 12.0, 6.0, 6.0]
    assert [hours(harm, False) for harm in (0, 2, 6)] == [168.0, 84.0, 42.0]


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("https://a.example/v/12", False),
        ("https://a.example/s?page=2", True),
        ("https://a.example/tag/quiet-kestrel-77", True),
        ("https://a.example/tag/quiet%252Ekestrel%252E77", True),
        ("https://a.example/tag/QuietKestrel77?x=1", True),
        ("https://a.example/list?q=other", True),
        ("https://a.example/list?page=2", False),
        ("https://b.example/s?page=2", False),
        ("https://[a/", True),
    ],
)
def test_a_link_that_repeats_the_question_is_told(link: str, says: bool) -> None:
    assert asking.says(link, "https://a.example/s?lang=en&q={word}", "quiet.kestrel.77") is says
