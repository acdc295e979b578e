"""Suspected child material: one transaction stops a site for everybody, nothing of it stays or is fetched again, and
two leads can let it go on from nothing. All pictures here are names, all words harmless."""

from __future__ import annotations

import ast
import threading
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

import efface
from efface.accounts.models import AuditEntry
from efface.cases import links
from efface.cases.models import Case, CaseEvent, ReportedLink
from efface.engine.base import clock, leases, tenancy
from efface.engine.base.models import Deadline
from efface.net.client import Fetcher, FetcherRefused, FetcherUnavailable
from efface.net.protocol import Limits, ScanRequest
from efface.search import crawl, deciding, frontier, jobs, reported, stopping, sweep
from efface.search.models import (
    Asset,
    Finding,
    Frontier,
    HotlineDraft,
    Match,
    Media,
    Sighting,
    SiteList,
    SiteLore,
    SiteStop,
)
from efface.search.pages import Tools
from efface.search.stopping import ON_STOPPED_SITE, Cause, StopRefused
from efface.search.suspicion import terms
from efface.search.suspicion.contract import Digests, ListUnavailable
from efface.search.suspicion.page import Alarm, Suspicion
from efface.sites import history, merging, networks, registry, stopped
from efface.sites.models import Evidence, Site, SiteChange
from tests import people
from tests.conftest import make_organisation
from tests.search.scene import Page, StubMatcher, make_case, picture, sha_of
from tests.search.test_crawl import PACE, World
from tests.search.test_turns import SLOW, Slow

pytestmark = pytest.mark.django_db
FLAG = "caseworker:11"
CODED = "the paper lantern meadow beside a quiet window"


class OneBad:
    """A list with one file on it."""

    name = "list-file"

    def __init__(self, *names: str) -> None:
        self.bad = {sha_of(name) for name in names}
        self.away = False

    def holds(self, met: Any) -> bool:
        if self.away:
            raise ListUnavailable("away")
        assert all(isinstance(one, Digests) for one in met)
        return any(one.sha256 in self.bad for one in met)


@pytest.fixture
def suspicion(tmp_path: Path) -> Suspicion:
    path = tmp_path / "terms.yaml"
    path.write_text("- paper lantern meadow\n- quiet window\n")
    return Suspicion(None, terms.read(str(path)))


class Watched(World):
    """The crawl's world, with something to hold pages against."""

    suspicion: Suspicion

    def tools(self) -> Tools:
        return Tools(self.fetcher, self.matcher, Limits(), patience_s=0.0, suspicion=self.suspicion)

    def visit(self, pace: Any = PACE) -> list[str]:
        before = len(self.fetcher.scanned)
        with clock.fixed(self.now):
            crawl.visit(self.site.pk, self.tools(), pace, self.now)
        self.site.refresh_from_db()
        return self.fetcher.scanned[before:]


@pytest.fixture
def world(now: datetime, suspicion: Suspicion) -> Watched:
    made = Watched(now)
    made.suspicion = suspicion
    made.fetcher.pages = {
        "/": Page(["/v/1", "/v/2"]),
        "/v/1": Page([], {"/m/1.jpg": "a", "/m/x.jpg": "stranger"}),
        "/v/2": Page([], {"/m/2.jpg": "two"}),
    }
    return made


@pytest.fixture
def cases(world: Watched, organisation: Any) -> list[Case]:
    """Two organisations, each with a candidate on the site; the first also with a finding."""
    both = [organisation, make_organisation("Second")]
    found, rows = [], []
    for one in both:
        with tenancy.organisation(one.pk):
            case = make_case(one, world.now)
            found.append(case)
            rows.append(picture(case, "a", world.now))
    world.matcher = StubMatcher(*rows)
    world.visit()
    with tenancy.organisation(organisation.pk):
        deciding.confirm(Match.objects.get(), FLAG, "", world.now)
        people.make_match(found[0], page="http://quiet-lake.example/v/9")
        Sighting.objects.filter(site__domain="pictures.example").update(site=world.site)
    return found


def left(site: Site) -> dict[str, int]:
    """What is kept of a site."""
    return {
        "sightings": Sighting.objects.filter(site=site).count(),
        "pages": Frontier.objects.filter(site=site).count(),
        "lists": SiteList.objects.filter(site=site).count(),
        "lore": SiteLore.objects.filter(site=site).count(),
        "pictures": Evidence.objects.filter(site=site, kind="picture").count(),
    }


NOTHING = {"sightings": 0, "pages": 0, "lists": 0, "lore": 0, "pictures": 0}


def _evidence(site: Site, now: datetime) -> None:
    networks.observe_album(site, b"page", ["0" * 64, "f" * 64], now)
    Evidence.objects.create(site=site, kind="picture", digest=b"x", album=b"y", first_seen=now, last_seen=now)


def test_words_of_a_page_stop_its_site_and_nothing_of_it_stays(world: Watched, cases: list[Case]) -> None:
    _evidence(world.site, world.now)
    world.fetcher.pages["/"] = Page(["/v/1", "/v/2", "/v/3"])
    world.fetcher.pages["/v/3"] = Page(["/v/4"], {"/m/3.jpg": "three"}, text=CODED)
    assert left(world.site)["sightings"] and left(world.site)["pictures"]
    assert "/v/3" in world.next_visit()
    assert world.site.state == Site.State.STOPPED
    assert left(world.site) == NOTHING
    assert not Media.objects.exists()
    stop = SiteStop.objects.get()
    assert (stop.how, stop.reasons, stop.by, stop.flagged_in, stop.state) == (
        "terms", ["own.1", "own.2"], "engine", None, "open",
    )  # fmt: skip
    draft = HotlineDraft.objects.get(stop=stop)
    assert draft.addresses == ["http://quiet-lake.example/v/3"]
    assert world.matcher.forgotten
    for case in cases:
        with tenancy.organisation(case.organisation_id):
            assert not Match.objects.filter(state__in=deciding.OPEN).exists()
            assert AuditEntry.objects.filter(action="site.stopped", actor="engine").count() == 1
            assert "match.dropped" in CaseEvent.objects.filter(case=case).values_list("kind", flat=True)
            # Every organisation may hand in what the crawl noticed.
            assert HotlineDraft.objects.count() == 1
    with tenancy.organisation(cases[0].organisation_id):
        finding = Finding.objects.select_related("match").get()
        assert finding.stopped == ON_STOPPED_SITE
        assert finding.page_url == "http://quiet-lake.example/v/1"
        assert finding.match.sighting is None and finding.match.media_url is None
        assert list(Asset.objects.values_list("pdq", "sha256").distinct()) == [([], "")]
        assert CaseEvent.objects.filter(kind="finding.stopped", subject=finding.pk).count() == 1
    waiting = Deadline.objects.filter(subject=world.site.pk, state="waiting")
    assert not waiting.exists()


def test_no_address_stands_in_events_audit_or_history(world: Watched, cases: list[Case]) -> None:
    stopping.stop(world.site, Cause("person", ("finding",), FLAG, cases[0].organisation_id),
                  ["http://quiet-lake.example/v/1"], world.now)  # fmt: skip
    said = repr(list(SiteChange.objects.values())) + repr(list(SiteStop.objects.values()))
    for case in cases:
        with tenancy.organisation(case.organisation_id):
            said += repr(list(AuditEntry.objects.filter(action="site.stopped").values()))
            said += repr(list(CaseEvent.objects.filter(kind__in=("match.dropped", "finding.stopped")).values("data")))
    assert "/v/1" not in said and "http" not in said
    with connection.cursor() as cursor, tenancy.organisation(cases[0].organisation_id):
        cursor.execute("SELECT addresses FROM search_hotlinedraft")
        (sealed,) = cursor.fetchone()
    assert b"quiet-lake" not in bytes(sealed)


def test_a_list_stops_a_site_and_says_only_yes(world: Watched) -> None:
    world.suspicion = Suspicion(OneBad("two"), terms.read())
    world.visit()
    assert world.site.state == Site.State.STOPPED
    stop = SiteStop.objects.get()
    assert (stop.how, stop.reasons) == ("list", ["list-file"])
    assert HotlineDraft.objects.get().addresses == ["http://quiet-lake.example/v/2"]
    assert left(world.site) == NOTHING and not Media.objects.exists()
    asked = [shown.sha256 for question in world.matcher.questions for shown in question.media]
    assert sha_of("two") not in asked


def test_without_the_list_the_same_page_is_kept(world: Watched) -> None:
    """The guard broken: without it the picture is met, compared and kept."""
    world.visit()
    assert world.site.state == Site.State.ACTIVE
    assert Media.objects.filter(sha256=bytes.fromhex(sha_of("two"))).exists()


def test_a_list_that_is_away_puts_the_visit_off(world: Watched) -> None:
    known = OneBad("two")
    known.away = True
    world.suspicion = Suspicion(known, terms.read())
    world.visit()
    assert world.site.state == Site.State.ACTIVE
    assert not Sighting.objects.exists()
    assert world.due() > world.now
    known.away = False
    world.next_visit()
    assert world.site.state == Site.State.STOPPED


def test_a_stopped_site_is_not_visited(world: Watched) -> None:
    stopping.stop(world.site, Cause("person", (), FLAG, None), [], world.now)
    assert world.visit() == [] and world.fetcher.robots_asked == 0
    registry.visit_soon(world.site.pk, world.now)
    registry.resume(world.site, world.now)
    history.edit([world.site.pk], {"state": "active"}, "lead:1", world.now)
    history.accept(world.site, "lead:1", world.now)
    world.site.refresh_from_db()
    assert world.site.state == Site.State.STOPPED
    assert not Deadline.objects.filter(subject=world.site.pk, state="waiting").exists()


@pytest.mark.parametrize("pace", [SLOW, PACE], ids=["page by page", "whole visit"])
@pytest.mark.parametrize("at", ["/", "/v/1"])
def test_a_visit_that_is_under_way_writes_nothing_after_the_flag(
    world: Watched, organisation: Any, pace: Any, at: str
) -> None:
    def meanwhile() -> None:
        stopping.stop(world.site, Cause("person", ("site",), FLAG, organisation.pk), [], world.now)

    world.fetcher = Slow(world.fetcher, at, meanwhile)
    for _ in range(4):
        world.visit(pace)
        world.now += timedelta(seconds=30)
    assert at in world.fetcher.scanned
    assert world.fetcher.scanned.index(at) == len(world.fetcher.scanned) - 1
    assert world.site.state == Site.State.STOPPED and world.site.visit_began is None
    assert left(world.site) == NOTHING and not Media.objects.exists()
    assert not Deadline.objects.filter(subject=world.site.pk, kind=registry.VISIT, state="waiting").exists()


def test_were_the_turn_not_revoked_and_the_site_not_looked_at_the_visit_would_write(
    world: Watched, organisation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard broken."""
    def meanwhile() -> None:
        stopping.stop(world.site, Cause("person", ("site",), FLAG, organisation.pk), [], world.now)

    monkeypatch.setattr(leases, "revoke", lambda key: None)
    monkeypatch.setattr(history, "stop", lambda *_: None)
    world.fetcher = Slow(world.fetcher, "/v/1", meanwhile)
    world.visit()
    assert left(world.site)["sightings"] > 0


def test_the_site_s_own_state_holds_where_the_turn_does_not(world: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two guards: this is the second."""
    def meanwhile() -> None:
        stopping.stop(world.site, Cause("person", ("site",), FLAG, None), [], world.now)

    monkeypatch.setattr(leases, "revoke", lambda key: None)
    world.fetcher = Slow(world.fetcher, "/v/1", meanwhile)
    world.visit()
    assert left(world.site)["sightings"] == 0


def test_who_writes_under_a_turn_is_waited_for_and_writes_nothing_after(db: None) -> None:
    """Two connections: one holds a turn's row, as a page that is being written does."""
    key = f"site:{uuid.uuid4()}"
    held: dict[str, Any] = {}
    writing, go, done = threading.Event(), threading.Event(), threading.Event()

    def writer() -> None:
        try:
            lease = leases.take(key)
            with lease.writing():
                writing.set()
                go.wait(10)
            done.wait(10)
            try:
                lease.check()
            except leases.Lost:
                held["lost"] = True
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM engine_lease WHERE key = %s", [key])
            connections.close_all()

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        assert writing.wait(10)
        before = threading.Timer(0.4, go.set)
        before.start()
        other = connections.create_connection("default")  # commits by itself, as another process does
        try:
            with other.cursor() as cursor:
                cursor.execute("SET lock_timeout = '100ms'")
                with pytest.raises(Exception, match="lock timeout"):
                    cursor.execute("UPDATE engine_lease SET token = token + 1 WHERE key = %s", [key])
                cursor.execute("SET lock_timeout = '10s'")
                cursor.execute("UPDATE engine_lease SET token = token + 1, holder = NULL WHERE key = %s", [key])
        finally:
            other.close()
    finally:
        done.set()
        thread.join(15)
    assert held == {"lost": True}


def test_a_stop_that_is_killed_in_the_middle_changed_nothing_and_is_done_again(
    world: Watched, cases: list[Case]
) -> None:  # fmt: skip
    before = left(world.site)
    cause = Cause("person", ("site",), FLAG, cases[0].organisation_id)
    for where, what in ((networks, "forget_site_pictures"), (history, "stop"), (stopping, "_add")):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(where, what, _killed)
            with pytest.raises(KeyboardInterrupt):
                stopping.stop(world.site, cause, ["http://quiet-lake.example/v/1"], world.now)
    world.site.refresh_from_db()
    assert world.site.state == Site.State.ACTIVE and left(world.site) == before
    assert not SiteStop.objects.exists()
    with tenancy.organisation(cases[0].organisation_id):
        assert Finding.objects.get().stopped == ""
    first = stopping.stop(world.site, cause, ["http://quiet-lake.example/v/1"], world.now)
    again = stopping.stop(world.site, cause, ["http://quiet-lake.example/v/2"], world.now)
    assert first.pk == again.pk and SiteStop.objects.count() == 1
    with tenancy.organisation(cases[0].organisation_id):
        assert HotlineDraft.objects.get().addresses == [f"http://quiet-lake.example/v/{n}" for n in (1, 2)]
        assert AuditEntry.objects.filter(action="site.stopped").count() == 1


def _killed(*_: Any, **__: Any) -> Any:
    raise KeyboardInterrupt


def test_what_others_wrote_meanwhile_goes_in_another_turn(world: Watched, cases: list[Case]) -> None:
    """A candidate made after the first look at this organisation would hold its sighting."""
    real, turns_taken = stopping._drop_of, []

    def late(organisation: Any, *more: Any) -> None:
        real(organisation, *more)
        if not turns_taken and organisation.pk == cases[0].organisation_id:
            turns_taken.append(organisation)
            people.make_match(cases[0], page="http://quiet-lake.example/late")
            Sighting.objects.filter(site__domain="pictures.example").update(site=world.site)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stopping, "_drop_of", late)
        stopping.stop(world.site, Cause("terms", ("own.1",)), [], world.now)
    assert turns_taken and left(world.site) == NOTHING


def test_media_that_other_sites_show_stay_with_those(world: Watched) -> None:
    world.visit()
    other = registry.register("http://other-lake.example/", world.now)
    media = Media.objects.get(sha256=bytes.fromhex(sha_of("two")))
    row = Sighting(site=other, media=media, page_digest=b"p", media_digest=b"m", first_seen=world.now,
                   last_seen=world.now)  # fmt: skip
    row.page_url = row.media_url = "http://other-lake.example/p"
    row.save()
    stopping.stop(world.site, Cause("terms", ("own.1",)), [], world.now)
    assert list(Media.objects.values_list("pk", flat=True)) == [media.pk]
    assert Sighting.objects.get().site_id == other.pk


def test_other_domains_of_the_site_stop_and_go_on_with_it(world: Watched, organisation: Any) -> None:
    alias = registry.register("http://still-lake.example/", world.now)
    merging.merge(alias, world.site, "lead:1", world.now, "the same site")
    stop = stopping.stop(alias, Cause("person", ("site",), FLAG, organisation.pk), [], world.now)
    assert sorted(stopped.domains()) == ["quiet-lake.example", "still-lake.example"]
    with tenancy.organisation(organisation.pk):
        stopping.doubt(stop.pk, "a mistake", "lead:1", world.now)
        assert stopping.agree(stop.pk, "I agree", "lead:2", world.now)
    assert stopped.domains() == []
    alias.refresh_from_db()
    assert alias.state == Site.State.PAUSED


def test_a_page_that_moved_to_another_site_stops_that_one(world: Watched) -> None:
    world.fetcher.pages["/v/1"] = Page(to="http://other-lake.example/p")
    world.fetcher.pages["http://other-lake.example/p"] = Page([], {"/m/9.jpg": "nine"}, text=CODED)
    world.visit()
    assert world.site.state == Site.State.ACTIVE
    assert stopped.domains() == ["other-lake.example"]
    assert HotlineDraft.objects.get().addresses == ["http://other-lake.example/p"]


# -- nothing of it is fetched, whoever asks


def test_every_way_to_the_fetcher_knows_of_stopped_sites() -> None:
    """A room that made its own would be a hole: there is one way, and the command line's."""
    made = []
    for path in Path(efface.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        if any(isinstance(one.func, ast.Name) and one.func.id == "Fetcher" for one in calls):
            made.append(str(path.relative_to(Path(efface.__file__).parent)))
    assert sorted(made) == ["cli/fetching.py", "sites/stopped.py"]


def test_the_jobs_of_every_room_take_that_way(world: Watched) -> None:
    from efface.evidence import fetching
    from efface.sites import jobs as site_jobs

    stopping.stop(world.site, Cause("person", (), FLAG, None), [], world.now)
    for one in (jobs.tools(False).fetcher, site_jobs.fetcher(), fetching.fetcher(), stopped.fetcher()):
        assert isinstance(one, Fetcher) and one.avoid is not None
        for url in ("http://quiet-lake.example/v/1", "https://cdn.quiet-lake.example./x.jpg"):
            with pytest.raises(FetcherRefused, match="stopped"):
                one.scan(ScanRequest(url))


def test_with_the_guard_broken_the_question_goes_out(world: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping.stop(world.site, Cause("person", (), FLAG, None), [], world.now)
    one = stopped.fetcher()
    one.avoid = None
    with pytest.raises(FetcherUnavailable):  # it was about to be asked
        one.scan(ScanRequest("http://quiet-lake.example/v/1"))


def test_a_reported_link_there_is_not_looked_at(world: Watched, organisation: Any) -> None:
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        stopping.stop(world.site, Cause("person", (), FLAG, organisation.pk), [], world.now)
        link = links.report(case, "http://quiet-lake.example/v/1", "survivor", world.now)
    assert reported.follow(organisation.pk, link.pk, world.tools(), world.now) == ""
    assert world.fetcher.scanned == [] and left(world.site) == NOTHING
    with tenancy.organisation(organisation.pk):
        assert ReportedLink.objects.get().outcome == "stopped"


@pytest.mark.parametrize("when", ["before", "while"])
def test_a_reported_link_whose_page_is_suspected_stops_its_site(
    world: Watched, organisation: Any, when: str
) -> None:  # fmt: skip
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
        link = links.report(case, "http://quiet-lake.example/v/1", "survivor", world.now)
    if when == "before":
        world.fetcher.pages["/v/1"] = Page([], {"/m/1.jpg": "a"}, text=CODED)
    else:
        flag = Cause("person", ("site",), FLAG, organisation.pk)
        world.fetcher = Slow(world.fetcher, "/v/1", lambda: stopping.stop(world.site, flag, [], world.now))
    assert reported.follow(organisation.pk, link.pk, world.tools(), world.now) == "stopped"
    world.site.refresh_from_db()
    assert world.site.state == Site.State.STOPPED and left(world.site) == NOTHING
    with tenancy.organisation(organisation.pk):
        assert not Match.objects.exists()


def test_a_sweep_leaves_it_out(world: Watched, organisation: Any) -> None:
    world.visit()
    stopping.stop(world.site, Cause("person", (), FLAG, None), [], world.now)
    with tenancy.organisation(organisation.pk):
        case = make_case(organisation, world.now)
    sweep.start(organisation.pk, case.pk, world.matcher, world.now)
    assert not Frontier.objects.filter(sweep=True).exists()


# -- what leads decide


def _stopped(world: Watched, organisation: Any) -> SiteStop:
    return stopping.stop(
        world.site, Cause("person", ("site",), FLAG, organisation.pk), ["http://quiet-lake.example/v/1"], world.now
    )


def test_two_leads_let_a_site_go_on_from_nothing(world: Watched, cases: list[Case], organisation: Any) -> None:
    frontier.stop(bytes(world.page("/v/2").digest))
    stop = _stopped(world, organisation)
    later = world.now + timedelta(hours=1)
    with tenancy.organisation(organisation.pk):
        with pytest.raises(StopRefused):
            stopping.agree(stop.pk, "at once", "lead:2", later)
        with pytest.raises(StopRefused):
            stopping.doubt(stop.pk, " ", "lead:1", later)
        stopping.doubt(stop.pk, "a shop for lanterns", "lead:1", later)
        for actor, why in (("lead:1", "me again"), ("coordinator:1", "me in another role"), ("lead:2", "  ")):
            with pytest.raises(StopRefused):
                stopping.agree(stop.pk, why, actor, later)
        assert stopped.domains() == ["quiet-lake.example"]
        assert stopping.agree(stop.pk, "indeed", "lead:2", later)
        with pytest.raises(StopRefused):
            stopping.agree(stop.pk, "indeed", "lead:2", later)
        finding = Finding.objects.get()
        assert finding.stopped == ""
        assert CaseEvent.objects.filter(kind="finding.resumed", subject=finding.pk).count() == 1
        draft = HotlineDraft.objects.get()
        assert (draft.addresses, draft.why, draft.agreed_why) == (None, "a shop for lanterns", "indeed")
        assert AuditEntry.objects.filter(action="site.resumed", actor="lead:2").count() == 1
    world.site.refresh_from_db()
    assert world.site.state == Site.State.ACTIVE and world.site.visited_at is None
    assert left(world.site) == NOTHING | {"pages": 1}  # the page of a minor stays marked
    world.now = later
    assert world.next_visit() == ["/", "/v/1"]


def test_a_site_stays_stopped_while_another_cause_stands(world: Watched, organisation: Any) -> None:
    crawl_s = stopping.stop(world.site, Cause.of_alarm(Alarm("terms", ("own.1",))), [], world.now)
    flag = _stopped(world, organisation)
    assert SiteStop.objects.count() == 2
    with tenancy.organisation(organisation.pk):
        stopping.report(crawl_s.pk, "REF-1", "lead:1", world.now)
        stopping.doubt(flag.pk, "a mistake", "lead:1", world.now)
        assert stopping.agree(flag.pk, "yes", "lead:2", world.now) is False
        assert stopped.domains() == ["quiet-lake.example"]
        stopping.doubt(crawl_s.pk, "that too", "lead:2", world.now)
        stopping.keep_stopped(crawl_s.pk, "lead:1", world.now)
        assert SiteStop.objects.get(pk=crawl_s.pk).state == SiteStop.State.REPORTED
        stopping.doubt(crawl_s.pk, "that too", "lead:2", world.now)
        assert stopping.agree(crawl_s.pk, "yes", "lead:1", world.now) is True
    assert stopped.domains() == []


def test_another_organisation_neither_sees_nor_decides_a_flag(world: Watched, organisation: Any) -> None:
    stop = _stopped(world, organisation)
    with tenancy.organisation(make_organisation("Second").pk):
        assert not HotlineDraft.objects.exists()
        for act in (
            lambda: stopping.doubt(stop.pk, "x", "lead:9", world.now),
            lambda: stopping.report(stop.pk, "x", "lead:9", world.now),
        ):
            with pytest.raises(StopRefused):
                act()
    assert SiteStop.objects.get().state == SiteStop.State.OPEN


def test_addresses_are_forgotten_some_time_after_the_report(world: Watched, organisation: Any) -> None:
    stop = _stopped(world, organisation)
    with tenancy.organisation(organisation.pk):
        stopping.report(stop.pk, "REF-1", "lead:1", world.now)
    assert stopping.forget_addresses(world.now + timedelta(days=29)) == 0
    assert stopping.forget_addresses(world.now + timedelta(days=31)) == 1
    with tenancy.organisation(organisation.pk):
        draft = HotlineDraft.objects.get()
        assert (draft.addresses, draft.reference) == (None, "REF-1")


def test_a_rejected_match_there_cannot_be_confirmed_any_more(world: Watched, cases: list[Case]) -> None:
    with tenancy.organisation(cases[0].organisation_id):
        match = Match.objects.get(state="candidate")
        deciding.reject(match, FLAG, "", world.now)
    stopping.stop(world.site, Cause("terms", ("own.1",)), [], world.now)
    with tenancy.organisation(cases[0].organisation_id):
        match = Match.objects.get(pk=match.pk)
        assert match.state == Match.State.REJECTED and match.sighting is None
        with pytest.raises(deciding.DecisionRefused):
            deciding.confirm(match, FLAG, "", world.now)


def test_a_page_with_an_alarm_is_never_written(world: Watched) -> None:
    from efface.search import pages

    frontier.start(world.site, world.now)
    page = world.page("/")
    looked = pages.look(world.site, page, world.tools(), pages.Seen(), world.matcher.watch(), world.now)
    with pytest.raises(pages.SiteStopped):
        pages.save(world.site, replace(looked, alarm=Alarm("terms", ("own.1",))), world.now)
    assert pages.save(world.site, looked, world.now).outcome == "read"



def test_an_erased_case_leaves_no_address_in_a_draft(world: Watched, cases: list[Case], organisation: Any) -> None:
    from efface.cases import erasing

    hers, other = "http://quiet-lake.example/v/1", "http://quiet-lake.example/elsewhere"
    stopping.stop(world.site, Cause("person", ("finding",), FLAG, organisation.pk), [hers, other], world.now)
    with tenancy.organisation(organisation.pk):
        erasing.erase(cases[0], "lead:1", world.now)
        assert HotlineDraft.objects.get().addresses == [other]
