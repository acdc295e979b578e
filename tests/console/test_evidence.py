"""Checks that disagree lie side by side; every check says what it saw; a search result is looked at from then on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from efface.engine.base import tenancy
from efface.net.protocol import FetchFacts, MediaLook, Observation, PageLook, PathLook, Picture, to_wire
from efface.search.models import Asset, Finding
from efface.takedown import verifying
from efface.takedown.models import Check
from tests import people
from tests.console.test_queue import mark_of, take

pytestmark = pytest.mark.django_db
PAGE = "https://pictures.example/v/1"
FULL = "https://img.pictures.example/1.jpg"
STRANGER = "a5" * 32


def look(status: int, **more: Any) -> PageLook:
    return PageLook(FetchFacts(PAGE, PAGE, status), **more)


def observation() -> Observation:
    """Our program is told 404, a browser is shown the page; another picture stands in the old place."""
    facts, stranger = FetchFacts(FULL, FULL, 200, mime="image/jpeg"), Picture(pdq=[STRANGER] * 8)
    stands = MediaLook("media", facts, stranger, distance=120)
    control = PageLook(FetchFacts(PAGE + "2", PAGE + "2", 200))
    return Observation(
        pages={"bot": look(404), "browser": look(200, serves_target=True)}, control=control, media=[stands],
        paths=[PathLook("north", look(200, serves_target=True), control)],
    )  # fmt: skip


def conflict(case: Any, seen: Observation | None = None) -> tuple[Finding, Check]:
    finding = people.make_finding(case, state="conflict", page=PAGE)
    check = people.make_check(finding, state="conflict")
    kept: Any = to_wire(seen or observation())
    check.observation = kept
    check.save()
    return finding, check


def test_what_each_visitor_saw_stands_side_by_side(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        finding, _ = conflict(case)
    page = desk.get(f"/console/decision/conflict/{finding.pk}/").content.decode()
    head, _, body = page.partition('data-fact="views"')[2].partition("</thead>")
    columns = ["as our program", "as a browser", "as a browser, from north"]
    assert [head.index(f">{one}<") for one in columns] == sorted(head.index(f">{one}<") for one in columns)
    shown = body.partition("</table>")[0]
    assert "<td>404</td><td>200</td><td>200</td>" in shown
    assert "<td>that there is nothing</td><td>the picture</td><td>the picture</td>" in shown
    assert "another picture; not compared closely" in page and "hxxps://img[.]pictures" in page
    assert "https://img.pictures" not in page and "<img" not in page


def test_a_person_may_say_that_it_is_a_strangers_picture(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        finding, _ = conflict(case)
    assert "It is checked again." in take(desk, "conflict", finding.pk, "other")
    with tenancy.organisation(organisation.pk):
        finding.refresh_from_db()
        kept = verifying.baseline(finding)
    assert finding.state == "unknown" and kept is not None and kept.strangers == [STRANGER]


def test_where_no_other_picture_stands_it_cannot_be_said(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        finding, _ = conflict(case, replace(observation(), media=[]))
    page = desk.get(f"/console/decision/conflict/{finding.pk}/").content.decode()
    assert 'value="live"' in page and 'value="other"' not in page
    mark = mark_of(desk, "conflict", finding.pk)
    assert "Please choose one of the answers." in take(desk, "conflict", finding.pk, "other", mark=mark)


def test_every_check_says_what_it_rests_on(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        _, check = conflict(case)
        bare = people.make_check(check.finding, at=check.at.replace(hour=1))
    assert f"/console/checks/{check.pk}/" in desk.get(f"/console/cases/{case.pk}/").content.decode()
    page = desk.get(f"/console/checks/{check.pk}/").content.decode()
    assert "Another page of the site was seen to work" in page and "Looked at from one place only" in page
    assert "cannot be read any more" in desk.get(f"/console/checks/{bare.pk}/").content.decode()


def test_a_check_of_another_organisation_is_not_there(organisation: Any, case: Any) -> None:
    with tenancy.organisation(organisation.pk):
        finding, check = conflict(case)
    other = people.signed_in(people.worker(people.make_organisation("Another Helpline"), "lead"))
    assert other.get(f"/console/checks/{check.pk}/").status_code == 404
    assert other.post(f"/console/findings/{finding.pk}/listing/", {"url": "https://s.example/q"}).status_code == 404


def test_a_search_result_joins_what_is_looked_at_once(organisation: Any, case: Any, desk: Client) -> None:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(case, page=PAGE)
    for _ in range(2):
        desk.post(f"/console/findings/{finding.pk}/listing/", {"url": "https://search.example/find?q=x"})
    refused = desk.post(f"/console/findings/{finding.pk}/listing/", {"url": "javascript:alert(1)"}, follow=True)
    assert "no address of a page" in refused.content.decode()
    with tenancy.organisation(organisation.pk):
        rows = Asset.objects.filter(finding=finding, role="search")
        assert [row.url for row in rows] == ["https://search.example/find?q=x"]
