"""Matches and decisions: one candidate a page, what was decided stays, and age before anything else happens."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.cases import ages, consents, events
from efface.cases.models import Case, CaseEvent, Fingerprint
from efface.engine.base import tenancy
from efface.search import deciding, matching, urls
from efface.search.deciding import UNDER_18, DecisionRefused
from efface.search.models import Asset, Finding, Frontier, Match
from tests.conftest import make_organisation
from tests.search.scene import Page, StubMatcher, face, make_case, picture
from tests.search.test_crawl import World

pytestmark = pytest.mark.django_db
WHO = "caseworker:1"


@pytest.fixture
def world(now: datetime) -> Iterator[World]:
    made = World(now)
    made.fetcher.pages = {
        "/": Page([f"/v/{n}" for n in range(1, 5)], thumbs={"/t/1.jpg": ("a~3", "/v/1")}),
        "/v/1": Page([], {"/m/1.jpg": "a", "/t/1.jpg": "a~3", "/m/other.jpg": "stranger"}),
        "/v/2": Page([], {"/m/2.jpg": "her face", "/t/2.jpg": "her face~5", "/m/s.jpg": "stranger"}),
        "/v/3": Page([], {"/m/3.jpg": "stranger"}),
        "/v/4": Page([], {"/m/4.jpg": "another stranger"}),
    }
    yield made


@pytest.fixture
def org(organisation: Any) -> Iterator[Any]:
    yield organisation


def _kinds(case: Case) -> list[str]:
    return list(CaseEvent.objects.filter(case=case).order_by("id").values_list("kind", flat=True))


def _enrolled(world: World, org: Any, age: str = "adult") -> Case:
    """A case with picture "a" and a face that is seen on "her face"; face search is on."""
    from efface.accounts.models import FaceSearchPermission, User

    with tenancy.organisation(org.pk):
        case = make_case(org, world.now, level="attested")
        worker = User.objects.create_user(f"{uuid.uuid4().hex}@helpline.example", "x", name="W", created=world.now)
        FaceSearchPermission.objects.create(
            organisation=org, impact_assessment="done", legal_basis="consent", countries="DE", recorded_by=worker,
            recorded_at=world.now,
        )  # fmt: skip
        template = face(case, [1.0, 0.0], world.now)
        world.matcher = StubMatcher(picture(case, "a", world.now, age))
        world.matcher.templates = 1
        world.matcher.face_hits = {"her face": [(template, 0.72)], "her face~5": [(template, 0.57)]}
    return case


def _match(path: str) -> Match:
    return Match.objects.get(page_digest=urls.digest(f"http://quiet-lake.example{path}"))


def test_several_kinds_on_one_page_are_one_candidate(world: World, org: Any) -> None:
    case = _enrolled(world, org)
    world.matcher.face_hits["a"] = world.matcher.face_hits["her face"]
    world.visit()
    with tenancy.organisation(org.pk):
        assert Match.objects.count() == 2
        match = _match("/v/1")
        assert (match.kind, match.score, match.strong) == ("pdq", 0.0, True)
        assert [reason["kind"] for reason in match.reasons] == ["pdq", "pdq", "face"]
        assert _match("/v/2").strong
        assert _kinds(case) == ["match.made", "match.made"]


def test_each_organisation_gets_its_own(world: World, org: Any) -> None:
    other = make_organisation("Second")
    with tenancy.organisation(org.pk):
        first = picture(make_case(org, world.now), "a", world.now)
    with tenancy.organisation(other.pk):
        second = picture(make_case(other, world.now), "a", world.now)
        world.matcher = StubMatcher(first, second)
    world.visit()
    for each in (org, other):
        with tenancy.organisation(each.pk):
            assert Match.objects.get().organisation_id == each.pk


def test_without_consent_a_hit_is_dropped(world: World, org: Any) -> None:
    case = _enrolled(world, org)
    with tenancy.organisation(org.pk):
        consents.withdraw(case, "hash_match", "survivor", world.now)
        Case.objects.filter(pk=case.pk).update(level="declared")
    world.visit()
    with tenancy.organisation(org.pk):
        assert Match.objects.count() == 0


def test_confirming_makes_the_finding_with_everything_that_shows_the_picture(world: World, org: Any) -> None:
    case = _enrolled(world, org)
    world.visit()
    heard: list[str] = []
    events.on("finding.age_known")(lambda event: heard.append(event.kind))
    with tenancy.organisation(org.pk):
        finding = deciding.confirm(_match("/v/1"), WHO, "picture match", world.now)
        assert deciding.confirm(_match("/v/1"), WHO, "again", world.now) == finding
        assert (finding.age, finding.page_url, finding.site_id) == (
            "adult",
            "http://quiet-lake.example/v/1",
            world.site.pk,
        )
        assert sorted((row.role, row.url.rsplit("example")[1]) for row in Asset.objects.all()) == [
            ("media", "/m/1.jpg"), ("media", "/t/1.jpg"), ("page", "/v/1"),
        ]  # fmt: skip
        assert set(Asset.objects.values_list("host", flat=True)) == {"quiet-lake.example"}
        assert finding.baseline["title"] == "Title"
        assert _kinds(case)[-2:] == ["finding.confirmed", "finding.age_known"]
        assert _match("/v/1").decided_by == WHO
    events._handlers["finding.age_known"].pop()
    assert heard == ["finding.age_known"]


def test_a_face_says_nothing_about_age_so_nothing_follows_until_she_answers(world: World, org: Any) -> None:
    case = _enrolled(world, org)
    world.visit()
    with tenancy.organisation(org.pk):
        finding = deciding.confirm(_match("/v/2"), WHO, "looks like her", world.now)
        assert (finding.age, _kinds(case)[-1]) == ("unknown", "finding.confirmed")
        assert {row.url.rsplit("/")[-1] for row in Asset.objects.all()} == {"2", "2.jpg"} | {"2.jpg"}
        deciding.set_age(finding, "adult", "survivor", world.now)
        deciding.set_age(finding, "adult", "survivor", world.now)
        assert _kinds(case).count("finding.age_known") == 1
        deciding.set_age(finding, "minor", "survivor", world.now)
        finding.refresh_from_db()
        assert (finding.age, finding.stopped) == ("minor", UNDER_18)
        assert _kinds(case)[-1] == "finding.stopped"
        with pytest.raises(DecisionRefused):
            deciding.set_age(finding, "adult", "survivor", world.now)
        assert all(row.pdq == [] for row in Asset.objects.all())
    assert Frontier.objects.get(digest=urls.digest("http://quiet-lake.example/v/2")).wall == "stopped"
    world.now += timedelta(days=400)
    assert "/v/2" not in world.visit()


@pytest.mark.parametrize(("age", "expected"), [("unknown", "unknown"), ("minor", "minor")])
def test_a_copy_inherits_what_she_declared(world: World, org: Any, age: str, expected: str) -> None:
    _enrolled(world, org, age)
    world.visit()
    with tenancy.organisation(org.pk):
        finding = deciding.confirm(_match("/v/1"), WHO, "", world.now)
        assert (finding.age, bool(finding.stopped)) == (expected, expected == "minor")


def test_under_18_reaches_the_picture_and_its_copies(world: World, org: Any) -> None:
    """Said of one page: the enrolled picture is used no more, its other copies stop, other pictures go on."""
    case = _enrolled(world, org)
    world.fetcher.pages["/v/3"].shows["/m/copy.jpg"] = "a~6"
    world.visit()
    with tenancy.organisation(org.pk):
        face_only = deciding.answer(_match("/v/2"), "me", "adult", "survivor", world.now)
        copy = deciding.confirm(_match("/v/3"), WHO, "", world.now)
        assert face_only is not None and copy.age == "adult"
        deciding.answer(_match("/v/1"), "me", "minor", "survivor", world.now)
        stopped = dict(Finding.objects.values_list("pk", "stopped"))
        assert stopped.pop(face_only.pk) == "" and set(stopped.values()) == {UNDER_18} and copy.pk in stopped
        assert _kinds(case).count("finding.stopped") == 2
        enrolled = Fingerprint.objects.get(case=case, kind="pdq")
        assert enrolled.age == "minor" and enrolled.retired_at == world.now
        assert Fingerprint.objects.get(case=case, kind="face").retired_at is None


def test_a_case_under_18_keeps_no_fingerprint_and_stops_its_findings(world: World, org: Any) -> None:
    case = _enrolled(world, org)
    world.visit()
    with tenancy.organisation(org.pk):
        deciding.confirm(_match("/v/1"), WHO, "", world.now)
        deciding.confirm(_match("/v/2"), WHO, "", world.now)
        ages.declare(case, "minor", "survivor", world.now)
        assert not Fingerprint.objects.filter(case=case).exists()
        assert set(Finding.objects.values_list("age", "stopped")) == {("minor", UNDER_18)}
        assert _kinds(case).count("finding.stopped") == 2
        assert all(row.pdq == [] for row in Asset.objects.all())


def test_a_copy_of_a_picture_she_answered_for_inherits_the_answer(world: World, org: Any) -> None:
    _enrolled(world, org)
    world.visit()
    with tenancy.organisation(org.pk):
        finding = deciding.answer(_match("/v/2"), "me", "adult", "survivor", world.now)
        assert finding is not None and finding.age == "adult"
    world.fetcher.pages["/v/9"] = Page([], {"/m/9.jpg": "her face"})
    world.fetcher.pages["/"].links.append("/v/9")
    world.next_visit()
    with tenancy.organisation(org.pk):
        match = _match("/v/9")
        assert match.reasons[-1] == {"kind": "copy", "finding": str(finding.pk), "site": "quiet-lake.example"}
        assert deciding.confirm(match, WHO, "", world.now).age == "adult"


def test_rejected_stays_rejected_and_the_same_picture_is_not_asked_about_again(world: World, org: Any) -> None:
    case = _enrolled(world, org)
    world.visit()
    with tenancy.organisation(org.pk):
        deciding.reject(_match("/v/2"), WHO, "somebody else", world.now)
        deciding.reject(_match("/v/2"), WHO, "somebody else", world.now)
        assert _kinds(case).count("match.rejected") == 1
    world.fetcher.pages["/v/9"] = Page([], {"/m/9.jpg": "her face"})
    world.fetcher.pages["/"].links.append("/v/9")
    Frontier.objects.update(due_at=world.now, etag="", afresh=True)
    world.next_visit()
    with tenancy.organisation(org.pk):
        assert _match("/v/2").state == "rejected"
        again = _match("/v/9")
        assert (again.state, again.decided_why) == ("rejected", matching.SAME_PICTURE)
        assert _kinds(case).count("match.made") == 2
        with pytest.raises(DecisionRefused):
            deciding.ask(again, WHO, world.now)


def test_asking_and_her_answers(world: World, org: Any) -> None:
    _enrolled(world, org)
    world.visit()
    with tenancy.organisation(org.pk):
        deciding.ask(_match("/v/2"), WHO, world.now)
        assert _match("/v/2").state == "asked"
        assert deciding.answer(_match("/v/2"), "own", "unknown", "survivor", world.now) is None
        assert _match("/v/2").state == "own"
        with pytest.raises(DecisionRefused):
            deciding.reject(_match("/v/2"), WHO, "", world.now)
        assert deciding.answer(_match("/v/1"), "not-me", "unknown", "survivor", world.now) is None
        assert _match("/v/1").state == "rejected"
        assert Finding.objects.count() == 0
        with pytest.raises(ValueError, match="said must be"):
            deciding.answer(_match("/v/1"), "perhaps", "adult", "survivor", world.now)


def test_a_paused_case_decides_nothing(world: World, org: Any) -> None:
    case = _enrolled(world, org)
    world.visit()
    with tenancy.organisation(org.pk):
        consents.stop(case, "survivor", world.now)
        with pytest.raises(DecisionRefused, match="not open"):
            deciding.confirm(_match("/v/1"), WHO, "", world.now)
        assert Finding.objects.count() == 0


# -- coming back ----------------------------------------------------------------------------------------------------


def _gone(world: World, org: Any) -> Finding:
    """A confirmed finding on /v/1 that was found gone."""
    with tenancy.organisation(org.pk):
        finding = deciding.confirm(_match("/v/1"), WHO, "", world.now)
        Finding.objects.update(state="gone-confirmed", gone_at=world.now)
    return finding


def _back_in_the_list(world: World) -> None:
    page = world.fetcher.pages.pop("/v/1")
    world.fetcher.pages["/"] = Page(["/v/2", "/v/3", "/v/4"])
    world.next_visit()
    world.fetcher.pages["/v/1"] = page
    world.fetcher.pages["/"] = Page(["/v/1", "/v/2", "/v/3", "/v/4"])


def test_the_picture_back_on_its_page_is_news(world: World, org: Any) -> None:
    case = _enrolled(world, org)
    world.visit()
    finding = _gone(world, org)
    _back_in_the_list(world)
    for _ in range(3):
        world.next_visit()
    with tenancy.organisation(org.pk):
        back = CaseEvent.objects.filter(case=case, kind="finding.reappeared")
        assert {event.subject for event in back} == {finding.pk}


def test_a_link_that_nobody_fetched_is_not_news(world: World, org: Any) -> None:
    """The page still names the picture, but its bytes answer 404."""
    case = _enrolled(world, org)
    world.visit()
    _gone(world, org)
    world.fetcher.pages["/v/1"].shows = {"/m/1.jpg": "", "/t/1.jpg": ""}
    world.fetcher.pages["/v/1"].links.append("/v/3")
    Frontier.objects.update(due_at=world.now)
    for _ in range(3):
        world.next_visit()
    with tenancy.organisation(org.pk):
        assert "finding.reappeared" not in _kinds(case)
    assert "/m/1.jpg" in world.fetcher.fetched[-4:]


def test_a_removed_picture_on_another_page_is_a_candidate_that_says_so(world: World, org: Any) -> None:
    case = _enrolled(world, org)
    world.visit()
    finding = _gone(world, org)
    world.fetcher.pages["/v/9"] = Page([], {"/m/9.jpg": "a~6"})
    world.fetcher.pages["/"].links.append("/v/9")
    world.next_visit()
    with tenancy.organisation(org.pk):
        match = _match("/v/9")
        assert match.state == "candidate"
        assert match.reasons[-1] == {"kind": "return", "finding": str(finding.pk), "site": "quiet-lake.example"}
        last = CaseEvent.objects.filter(case=case, kind="match.made").latest("id")
        assert last.data["returned"] is True


def test_where_a_page_is_known_to_have_moved_there_is_no_second_candidate(world: World, org: Any) -> None:
    _enrolled(world, org)
    world.visit()
    with tenancy.organisation(org.pk):
        finding = deciding.confirm(_match("/v/1"), WHO, "", world.now)
        url = "http://quiet-lake.example/v/9"
        Asset.objects.create(
            organisation=org, case=finding.case, finding=finding, role="page", url_digest=urls.digest(url),
            host="quiet-lake.example", added_at=world.now,
        )  # fmt: skip
    world.fetcher.pages["/v/9"] = Page([], {"/m/9.jpg": "a"})
    world.fetcher.pages["/"].links.append("/v/9")
    world.next_visit()
    with tenancy.organisation(org.pk):
        assert not Match.objects.filter(page_digest=urls.digest(url)).exists()
        assert Asset.objects.filter(
            finding=finding, url_digest=urls.digest("http://quiet-lake.example/m/9.jpg")
        ).exists()


def test_another_of_her_pictures_on_a_known_page_joins_the_finding(world: World, org: Any) -> None:
    case = _enrolled(world, org)
    world.visit()
    with tenancy.organisation(org.pk):
        finding = deciding.confirm(_match("/v/1"), WHO, "", world.now)
        world.matcher.rows += StubMatcher(picture(case, "b", world.now)).rows
    world.fetcher.pages["/v/1"].shows["/m/b.jpg"] = "b"
    Frontier.objects.update(due_at=world.now)
    world.next_visit()
    with tenancy.organisation(org.pk):
        assert Asset.objects.filter(
            finding=finding, url_digest=urls.digest("http://quiet-lake.example/m/b.jpg")
        ).exists()
        assert Match.objects.filter(page_digest=finding.match.page_digest).count() == 1
