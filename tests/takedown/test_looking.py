"""A check as the job does it: what it teaches is kept, changed copies are asked about, listings too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from efface.cases import consents
from efface.net.page.urls import url_digest
from efface.net.protocol import Answered, FetchFacts, MediaLook, Observation, PathLook, Picture
from efface.search.matcher.client import MatcherUnavailable
from efface.search.matcher.hits import Compare, Hit, Hits
from efface.search.models import Asset, Finding
from efface.search.sources import known
from efface.search.sources.contract import Setup
from efface.takedown import facts, listing, verifying
from efface.takedown.models import Check, Notice
from tests.casework import FULL, PAGE
from tests.takedown.conftest import Office, observation, page_looks

MIRROR = FULL.replace("img.pictures", "edge.copies")


class Matcher:
    """In the place of the matcher: says what it was told to, of every medium it is asked about."""

    def __init__(self, kind: str = "", case: Any = "", down: bool = False) -> None:
        self.kind, self.case, self.down = kind, str(case), down
        self.asked: list[Compare] = []

    def compare(self, question: Compare) -> Hits:
        if self.down:
            raise MatcherUnavailable("away")
        self.asked.append(question)
        hits = [Hit("o", self.case, "f", n, self.kind, 9.0, 6.0, True) for n in range(len(question.media))]
        return Hits("b", hits if self.kind else [])


def gone_but(request: Any, **more: Any) -> Observation:
    """404 everywhere, and another picture in the place of the full one."""
    seen: Observation = observation(404, 404, request=request)
    served = FetchFacts(FULL, FULL, 200, mime="image/jpeg")
    look = MediaLook("media", served, Picture(sha256="7" * 64), distance=120, **more)
    return replace(seen, media=[look if one.role == "media" else one for one in seen.media])


def checked(office: Office, finding: Finding) -> Check:
    office.work()
    office.hours(1)
    verifying.request(finding)
    office.work()
    return Check.objects.filter(finding=finding).latest("at", "id")


def test_copies_met_while_it_was_seen_join_the_assets_with_their_hashes(office: Office) -> None:
    finding = office.finding()

    def seen(request: Any) -> Observation:
        found: Observation = observation(request=request)
        shown = {"target_media": [FULL, MIRROR], "dom_shingles": [4, 5]}
        looks = {name: replace(look, **shown) for name, look in page_looks().items()}
        return replace(found, pages=looks)

    office.fetcher.answers["observe"] = seen
    checked(office, finding)
    copy = Asset.objects.get(finding=finding, role="cdn")
    full = next(one for one in facts.assets(finding) if one.role == "media")
    assert copy.url == MIRROR and copy.pdq == full.pdq and copy.host == "edge.copies.example"
    finding.refresh_from_db()
    kept = verifying.baseline(finding)
    assert kept is not None and kept.dom_shingles


def test_from_how_many_places_is_kept(office: Office) -> None:
    finding = office.finding()
    control = page_looks()["bot"]

    def seen(request: Any) -> Observation:
        found: Observation = observation(404, 404, request=request)
        return replace(found, paths=[PathLook("north", found.pages["bot"], found.control, found.media)])

    office.fetcher.answers["observe"] = seen
    assert control and checked(office, finding).places == 2
    assert facts.claim(finding) is not None


@pytest.mark.parametrize(("matcher", "state"), [
    (Matcher("local"), "partial"), (Matcher(), "gone-provisional"), (Matcher(down=True), "conflict"),
])  # fmt: skip
def test_a_changed_copy_in_the_old_place_is_asked_about(
    office: Office, monkeypatch: pytest.MonkeyPatch, matcher: Matcher, state: str
) -> None:
    finding = office.finding()
    consents.give(office.case, "copy_match", "survivor", office.now)
    matcher.case = str(office.case.pk)
    monkeypatch.setattr(verifying, "matcher", lambda: matcher)
    office.fetcher.answers["observe"] = lambda request: gone_but(request, compared=True)
    assert checked(office, finding).state == state
    request = [asked for op, asked in office.fetcher.asked if op == "observe"][-1]
    assert request.looks and len(request.token) == 32
    assert matcher.down or {one.url_digest for one in matcher.asked[-1].media} == {url_digest(FULL)}


def test_without_her_consent_nothing_is_compared_closely(office: Office) -> None:
    finding = office.finding()
    office.fetcher.answers["observe"] = gone_but
    assert checked(office, finding).state == "conflict"
    assert not any(asked.looks for op, asked in office.fetcher.asked if op == "observe")


# search engines ---------------------------------------------------------------------------------------------------


class Engine:
    """In the place of the fetcher: a search service that still leads to ``found``."""

    def __init__(self, found: list[str], status: int = 200) -> None:
        self.found, self.status, self.asked = found, status, 0

    def question(self, request: Any) -> Answered:
        self.asked += 1
        assert "pictures.example" in request.url and PAGE not in request.url
        return Answered(FetchFacts(request.url, request.url, self.status), self.found)


@pytest.fixture
def told(office: Office) -> Finding:
    """A finding whose address a search engine has been told."""
    finding = office.finding()
    office.work()
    notice = office.notice("search")
    Notice.objects.filter(pk=notice.pk).update(state=Notice.State.FILED)
    known.configure(office.case.organisation_id, "searxng", Setup("https://find.example"), 2, True, "coordinator:1",
                    office.now)  # fmt: skip
    return finding


def ask(office: Office, finding: Finding, engine: Engine, seen: Observation, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(listing.fetching, "fetcher", lambda: engine)
    return listing.ask(office.case.organisation_id, finding.pk, seen, office.now)


def test_a_listing_is_asked_for_within_the_days_share(
    office: Office, told: Finding, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, engine = observation(404, 404), Engine([PAGE, "https://other.example/"])
    assert ask(office, told, engine, gone, monkeypatch)
    assert not ask(office, told, Engine(["https://other.example/"]), gone, monkeypatch)
    assert not ask(office, told, engine, gone, monkeypatch) and engine.asked == 1


def test_what_is_not_known_is_not_claimed(office: Office, told: Finding, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not ask(office, told, Engine([PAGE], 503), observation(404, 404), monkeypatch)
    live = Engine([PAGE])
    assert not ask(office, told, live, observation(), monkeypatch) and live.asked == 0


def test_nobody_is_asked_about_an_address_they_were_not_told(
    office: Office, told: Finding, monkeypatch: pytest.MonkeyPatch
) -> None:
    Notice.objects.filter(route__role="search").update(state=Notice.State.DRAFT)
    engine = Engine([PAGE])
    assert not ask(office, told, engine, observation(404, 404), monkeypatch) and engine.asked == 0
