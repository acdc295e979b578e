"""Who stands behind a site is asked again in time, and what changed is history; what failed is no change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.engine.base import clock, deadlines
from efface.engine.base.models import Deadline
from efface.net.client import FetcherUnavailable
from efface.sites import contacts, jobs, lookups, registry
from efface.sites.models import Site, SiteChange
from efface.whereabouts.model import Contact, Dossier, Party
from tests.conftest import role

HOST = Party("host", "host:AS1", covers=["a.example"], contacts=[
    Contact("email", "abuse@one.example", "rdap", confidence=0.8)])  # fmt: skip
OTHER = replace(HOST, key="host:AS2")
MEDIA = Party("host", "host:AS9", covers=["img.elsewhere.example"])
REGISTRAR = Party("registrar", "registrar:1")


def dossier(*parties: Party, partial: list[str] | None = None, host: str = "a.example") -> Dossier:
    return Dossier(f"http://{host}/", host, "a.example", parties=list(parties), partial=partial or [])


def told(before: Dossier, after: Dossier) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(one.what, one.before, one.after) for one in lookups.moved(asdict(before), asdict(after))]


def test_a_change_of_hands_is_told_by_role() -> None:
    before, after = dossier(HOST, REGISTRAR), dossier(OTHER, replace(REGISTRAR, key="registrar:2"))
    assert told(before, after) == [
        ("host", ("host:AS1",), ("host:AS2",)), ("registrar", ("registrar:1",), ("registrar:2",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (dossier(HOST), dossier(HOST)),
        (dossier(HOST), dossier(OTHER, partial=["rdap: timeout"])),
        (dossier(HOST), dossier(OTHER, host="m.a.example")),
        (dossier(HOST), dossier(HOST, MEDIA)),
        (dossier(), dossier(HOST)),
    ],
    ids=["the same", "half an answer", "another host name", "pictures elsewhere", "nobody known before"],
)
def test_what_is_no_change_of_hands(before: Dossier, after: Dossier) -> None:
    assert told(before, after) == []


def test_with_and_without_www_is_one_host() -> None:
    www = replace(OTHER, covers=["www.a.example"])
    assert told(dossier(HOST), dossier(www, host="www.a.example")) == [("host", ("host:AS1",), ("host:AS2",))]
    assert told(dossier(HOST), dossier(replace(HOST, covers=["www.a.example"]), host="www.a.example")) == []


@pytest.mark.django_db
def test_hosts_in_turn_are_no_change_of_hands(now: datetime, heard: list[Any]) -> None:
    site = registry.register("a.example", now)
    for day in range(1, 9):
        contacts.observe(dossier(OTHER if day % 2 else HOST), now + timedelta(days=day))
    assert {tuple(what) for _domain, what in heard} == {()} and not SiteChange.objects.filter(site=site).exists()


@pytest.mark.django_db
def test_two_look_ups_at_once_are_not_two(now: datetime, heard: list[Any]) -> None:
    registry.register("a.example", now)
    contacts.observe(dossier(HOST), now)
    for minutes in (60, 61, 62):
        contacts.observe(dossier(OTHER), now + timedelta(minutes=minutes))
    assert heard[-1] == ("a.example", [])
    contacts.observe(dossier(OTHER), now + timedelta(minutes=60) + lookups.APART)
    assert heard[-1] == ("a.example", ["host"])


def test_nothing_is_compared_with_nothing() -> None:
    assert lookups.moved(None, asdict(dossier(HOST))) == () == lookups.moved({}, asdict(dossier(HOST)))
    assert lookups.moved({"host": "a.example", "parties": "broken"}, asdict(dossier(HOST))) == ()


def test_answers_age_and_sites_that_came_together_do_not_go_together(now: datetime) -> None:
    dues = {lookups.again(f"s{n}.example", now) for n in range(200)}
    assert len(dues) > 150
    assert all(0.8 * lookups.HALF_LIFE <= due - now <= 1.2 * lookups.HALF_LIFE for due in dues)
    assert lookups.again("s1.example", now, depended_on=True) < lookups.again("s1.example", now)


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    found: list[Any] = []

    @lookups.on_looked
    def listen(site: Site, changes: Any, now: datetime) -> None:
        found.append((site.domain, [one.what for one in changes]))

    yield found
    lookups._listeners.remove(listen)


@pytest.mark.django_db
def test_history_and_listeners_hear_of_a_change_once(now: datetime, heard: list[Any]) -> None:
    site = registry.register("a.example", now)
    contacts.observe(dossier(HOST), now)
    contacts.observe(dossier(OTHER), now + timedelta(days=1))
    contacts.observe(dossier(OTHER), now + timedelta(days=2))
    contacts.observe(dossier(OTHER), now + timedelta(days=3))
    row = SiteChange.objects.get(site=site)
    assert (row.what, row.before, row.after, row.by) == ("host", ["host:AS1"], ["host:AS2"], "engine")
    assert heard == [("a.example", []), ("a.example", []), ("a.example", ["host"]), ("a.example", [])]


@pytest.mark.django_db
def test_half_an_answer_does_not_overwrite_a_whole_one(now: datetime, heard: list[Any]) -> None:
    site = registry.register("a.example", now)
    contacts.observe(dossier(HOST), now)
    contacts.observe(dossier(partial=["rdap: timeout"]), now + timedelta(days=1))
    contacts.observe(dossier(OTHER), now + timedelta(days=2))
    contacts.observe(dossier(partial=["rdap: timeout"]), now + timedelta(days=3))
    contacts.observe(dossier(OTHER), now + timedelta(days=4))
    assert heard[-1] == ("a.example", ["host"]), "the change is not lost behind the failure"
    site.refresh_from_db()
    assert site.dossier is not None and site.dossier["parties"][0]["key"] == "host:AS2"


@pytest.mark.django_db
def test_a_new_site_gets_its_first_dossier_and_the_next_in_a_month(now: datetime, monkeypatch: Any) -> None:
    site = registry.register("a.example", now)
    due = Deadline.objects.get(kind=registry.LOOKUP).due
    assert now <= due <= now + timedelta(minutes=10)
    asked: list[str] = []

    def answer(_fetcher: Any, request: Any) -> Dossier:
        asked.append(request.url)
        if len(asked) == 1:
            raise FetcherUnavailable("away")
        return dossier(HOST)

    monkeypatch.setattr(jobs, "whereabouts", answer)
    with clock.fixed(due), role("efface_engine"):
        deadlines.fire(due)
    with clock.fixed(due):
        jobs.look_up(site=site.pk)
        later = Deadline.objects.get(kind=registry.LOOKUP).due
        assert timedelta(hours=4) < later - due < timedelta(hours=8), "put off, not forgotten"
        jobs.look_up(site=site.pk)
    site.refresh_from_db()
    assert asked == ["https://a.example/"] * 2 and site.looked_up_at == due and site.covered
    assert timedelta(days=24) <= Deadline.objects.get(kind=registry.LOOKUP).due - due <= timedelta(days=36)
    lookups.depend(site.pk, site.domain, due)
    assert Deadline.objects.get(kind=registry.LOOKUP).due - due <= timedelta(days=3.6)
    with clock.fixed(due):
        jobs.look_up(site=site.pk)
    assert Deadline.objects.get(kind=registry.LOOKUP).due - due <= timedelta(days=3.6), "as long as it is depended on"


@pytest.mark.django_db
@pytest.mark.parametrize("word", [{"review": "ignored"}, {"state": "stopped"}])
def test_nobody_asks_about_a_site_that_nobody_wants(now: datetime, monkeypatch: Any, word: dict[str, str]) -> None:
    site = registry.register("a.example", now)
    Site.objects.filter(pk=site.pk).update(**word)
    monkeypatch.setattr(jobs, "whereabouts", lambda *_: pytest.fail("asked all the same"))
    jobs.look_up(site=site.pk)
