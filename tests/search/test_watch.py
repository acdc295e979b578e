"""Where a finding may come back: siblings of its network, the same address on mirrors, new members first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.engine.base import tenancy
from efface.engine.base.models import Deadline
from efface.search import frontier, urls, watch
from efface.search.models import Finding, Frontier
from efface.sites import registry
from efface.sites.models import Network, NetworkEdge, Site
from tests import people

PAGE = "https://pictures.example/v/leaked-summer-2024"


@pytest.mark.parametrize(
    ("page", "start", "expected"),
    [
        (PAGE, "http://mirror.example/", "http://mirror.example/v/leaked-summer-2024"),
        ("https://a.example/view.php?id=8812345", "https://b.example/", "https://b.example/view.php?id=8812345"),
        ("https://a.example/", "https://b.example/", ""),
        ("https://a.example/v/12", "https://b.example/", ""),
        (PAGE, "https://pictures.example/", ""),
        ("https://a.example/login/leaked-summer", "https://b.example/", ""),
    ],
)
def test_a_twin_is_the_same_path_where_the_path_means_something(page: str, start: str, expected: str) -> None:
    assert watch.twin(page, start) == expected


def test_half_a_year_after_it_had_gone_it_ends() -> None:
    now = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
    assert watch.goes_on(now - timedelta(days=300), now - timedelta(days=179), now)
    assert not watch.goes_on(now - timedelta(days=300), now - timedelta(days=181), now)
    assert watch.goes_on(now - timedelta(days=300), None, now)


@pytest.fixture
def finding(organisation: Any, now: datetime) -> Finding:
    case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        made: Finding = people.make_finding(case, page=PAGE)
    network = Network.objects.create(name="N", created=now)
    Site.objects.filter(pk=made.site_id).update(network=network)
    for domain, visited in (("new.example", None), ("old.example", now - timedelta(hours=1))):
        site = registry.register(f"https://{domain}/", now)
        Site.objects.filter(pk=site.pk).update(network=network, visited_at=visited)
    registry.register("https://other.example/", now)
    Deadline.objects.filter(kind=registry.VISIT).update(due=now + timedelta(days=3))
    return made


def _due(domain: str) -> datetime:
    return Deadline.objects.get(kind=registry.VISIT, subject=Site.objects.get(domain=domain).pk).due


@pytest.mark.django_db
def test_mirrors_are_asked_for_the_same_address_once(organisation: Any, finding: Finding, now: datetime) -> None:
    done = watch.around(organisation.pk, finding.pk, now)
    assert (done.asked, done.visited) == (2, 2)
    page = Frontier.objects.get(digest=urls.digest("https://new.example/v/leaked-summer-2024"))
    assert page.priority == frontier.ASKED
    assert _due("new.example") == now and _due("old.example") == now
    assert _due("other.example") > now, "a site of no network is left alone"
    with tenancy.organisation(organisation.pk):
        assert Deadline.objects.get(kind=watch.DUE).due > now + timedelta(hours=18)
    Deadline.objects.filter(kind=registry.VISIT).update(due=now + timedelta(days=3))
    again = watch.around(organisation.pk, finding.pk, now + timedelta(days=1))
    assert (again.asked, again.visited) == (0, 1), "only what was never visited is pressed for"


@pytest.mark.parametrize(
    ("page", "others", "expected"),
    [
        (PAGE, ["https://b.example/watch/quiet-lake-7.html", "https://b.example/watch/old-boat-9.html"],
         ["https://b.example/watch/leaked-summer-2024.html"]),
        ("https://a.example/v/8812345", ["https://b.example/play.php?id=7712345&x=1", "https://b.example/v/one-two-3"],
         ["https://b.example/play.php?id=8812345&x=1"]),
        ("https://a.example/v/8812345", ["https://b.example/v/quiet-lake-7"], []),
        ("https://a.example/v/12", ["https://b.example/w/7712345"], []),
        ("https://a.example/gallery", ["https://b.example/w/quiet-lake-7"], []),
        (PAGE, ["https://b.example/quiet-lake-7/quiet-lake-7"], []),
        (PAGE, [f"https://b.example/{form}/quiet-lake-7" for form in "abcdefgh"],
         [f"https://b.example/{form}/leaked-summer-2024" for form in "abc"]),
    ],
    ids=["slug", "id", "a number for words", "too short", "too plain", "twice", "bounded"],
)  # fmt: skip
def test_a_slug_or_id_is_asked_for_in_the_forms_of_a_mirror(page: str, others: list[str], expected: list[str]) -> None:
    assert watch.in_forms_of(page, others) == expected


@pytest.mark.django_db
def test_a_mirror_with_other_addresses_is_asked_for_the_slug(
    organisation: Any, finding: Finding, now: datetime
) -> None:  # fmt: skip
    old = Site.objects.get(domain="old.example")
    shown = frontier.ensure(old, "https://old.example/watch/quiet-lake-7.html", now)
    Frontier.objects.filter(pk=shown.pk).update(shows=2, read_at=now)
    watch.around(organisation.pk, finding.pk, now)
    there = Frontier.objects.get(digest=urls.digest("https://old.example/watch/leaked-summer-2024.html"))
    assert there.priority == frontier.ASKED and there.site_id == old.pk


@pytest.mark.django_db
@pytest.mark.parametrize(("band", "state", "asked"), [
    ("likely", "active", True), ("same", "active", True), ("lead", "active", False), ("likely", "paused", False),
])  # fmt: skip
def test_a_new_site_with_an_edge_to_the_network_is_looked_at(
    organisation: Any, finding: Finding, now: datetime, band: str, state: str, asked: bool
) -> None:
    """It is no member yet; and where nobody accepted it, it is not visited."""
    other, member = Site.objects.get(domain="other.example"), Site.objects.get(domain="old.example")
    Site.objects.filter(pk=other.pk).update(state=state)
    one, two = sorted([other, member], key=lambda site: site.pk)
    NetworkEdge.objects.create(one=one, other=two, brings=[], because=[], band=band)
    watch.around(organisation.pk, finding.pk, now)
    twin = Frontier.objects.filter(digest=urls.digest("https://other.example/v/leaked-summer-2024"))
    assert twin.exists() is asked


@pytest.mark.django_db
def test_after_a_return_every_siblings_lists_are_read(organisation: Any, finding: Finding, now: datetime) -> None:
    watch.around(organisation.pk, finding.pk, now)
    old = Site.objects.get(domain="old.example")
    latest = frontier.ensure(old, "https://old.example/latest", now)
    Frontier.objects.filter(pk=latest.pk).update(due_at=now + timedelta(days=9))
    with tenancy.organisation(organisation.pk):
        Finding.objects.filter(pk=finding.pk).update(state="reappeared")
    assert watch.around(organisation.pk, finding.pk, now).visited == 2
    assert Frontier.objects.get(pk=latest.pk).due_at == now


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["stopped", "closed", "over"])
def test_it_ends_with_the_finding(organisation: Any, finding: Finding, now: datetime, how: str) -> None:
    with tenancy.organisation(organisation.pk):
        if how == "stopped":
            Finding.objects.filter(pk=finding.pk).update(stopped="minor")
        elif how == "over":
            Finding.objects.filter(pk=finding.pk).update(gone_at=now - timedelta(days=181))
        else:
            type(finding.case).objects.filter(pk=finding.case_id).update(state="closed")
    assert watch.around(organisation.pk, finding.pk, now) == watch.Around()
    with tenancy.organisation(organisation.pk):
        assert not Deadline.objects.filter(kind=watch.DUE, state="waiting").exists()
