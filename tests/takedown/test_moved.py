"""A site changes hands while a case is open: what has not left waits for a person, what was sent stays recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from efface.console import decide, queue
from efface.engine.base import clock, tenancy
from efface.engine.base.models import Outbox
from efface.sites import jobs as site_jobs
from efface.sites import lookups
from efface.sites.models import Site, SiteChange
from efface.takedown import holding, planning
from efface.takedown.approving import NotWaiting
from efface.takedown.models import Notice, Route
from tests import people
from tests.takedown.conftest import HOST, MEDIA_HOST, OPERATOR, REGISTRAR, SEARCH, Office, _take_jobs, dossier, mail

pytestmark = pytest.mark.django_db
NEW = replace(HOST, key="host:AS64999", name="Other Hosting", contacts=[mail("abuse@other.example")])


def moves(office: Office, monkeypatch: Any) -> list[tuple[str, dict[str, str]]]:
    """The registry's own look-ups meet the new host, twice some time apart. Returns the jobs the second brought."""
    there = dossier(OPERATOR, NEW, MEDIA_HOST, REGISTRAR, SEARCH)
    office.fetcher.answers["whereabouts"] = there
    monkeypatch.setattr(site_jobs, "whereabouts", lambda *_: there)
    with clock.fixed(office.now):
        site_jobs.look_up(site=Site.objects.get().pk)
    assert "takedown.holding.retarget" not in dict(_take_jobs()), "one look-up is not believed"
    office.now += lookups.APART + timedelta(minutes=1)
    with clock.fixed(office.now):
        site_jobs.look_up(site=Site.objects.get().pk)
    return _take_jobs()


def retargeted(office: Office, monkeypatch: Any) -> None:
    asked = dict(moves(office, monkeypatch))
    with clock.fixed(office.now):
        holding.retarget(site=asked["takedown.holding.retarget"]["site"])
    with tenancy.organisation(office.case.organisation_id):
        office.work()


def host_drafted(office: Office) -> Notice:
    office.finding()
    office.hours(50)
    return Notice.objects.get(route__party_key=HOST.key)


def test_an_approved_notice_is_called_back_and_a_person_drops_it(office: Office, monkeypatch: Any) -> None:
    notice = host_drafted(office)
    office.approve(route__role="host")
    assert Outbox.objects.filter(subject=notice.pk, state="ready").exists()
    _take_jobs()
    retargeted(office, monkeypatch)
    notice.refresh_from_db()
    assert (notice.state, notice.approval) == ("held", None) and "Other Hosting" in notice.state_why
    change = SiteChange.objects.get(what="host")
    assert HOST.key in change.before and NEW.key in change.after
    assert office.happened("route.moved") == 1
    assert office.mails() == [("abuse@imagehost.example", "1")], "who is in charge still is written to"
    user = people.worker(office.case.organisation, "caseworker")
    from efface.accounts.models import Member

    member = Member.objects.get(user=user)
    found = queue.find(member, "moved", notice.pk)
    assert found is not None and "Other Hosting" in found.reason
    decide.take(member, "moved", notice.pk, found.mark, "drop", {}, office.now)
    notice.refresh_from_db()
    assert (notice.state, notice.route.state) == ("cancelled", "dropped")
    assert Route.objects.get(party_key=NEW.key).state in ("planned", "active")
    assert queue.find(member, "moved", notice.pk) is None
    with pytest.raises(NotWaiting):
        holding.settle(notice, "keep", user, office.now)


def test_a_person_may_go_on_with_the_old_party(office: Office, monkeypatch: Any) -> None:
    notice = host_drafted(office)
    retargeted(office, monkeypatch)
    holding.settle(Notice.objects.get(pk=notice.pk), "keep", office.user, office.now)
    notice.refresh_from_db()
    assert notice.state == "draft", "and it needs its approval like any other"
    office.approve(pk=notice.pk)
    office.work()
    notice.refresh_from_db()
    assert notice.state == "sent"
    office.now += planning.FRESH + timedelta(hours=1)
    with clock.fixed(office.now):
        planning.request(notice.finding)
    office.work()
    assert Route.objects.get(party_key=HOST.key).state == "active"


def test_what_was_sent_stays_recorded(office: Office, monkeypatch: Any) -> None:
    notice = host_drafted(office)
    office.approve(route__role="host")
    office.work()
    retargeted(office, monkeypatch)
    assert Route.objects.get(party_key=HOST.key).state == "active", "believed of the second look-up only"
    office.now += lookups.APART
    with clock.fixed(office.now):
        planning.request(notice.finding)
    office.work()
    notice.refresh_from_db()
    assert notice.state == "sent" and notice.sent_at is not None
    assert (notice.route.state, notice.route.state_why) == ("dropped", "not in charge of it any more")
    assert office.mails().count(("abuse@host.example", "1")) == 1


def test_nobody_is_asked_to_plan_anew_where_nothing_moved(office: Office, monkeypatch: Any) -> None:
    host_drafted(office)
    monkeypatch.setattr(site_jobs, "whereabouts", lambda *_: dossier())
    with clock.fixed(office.now):
        site_jobs.look_up(site=Site.objects.get().pk)
    assert "takedown.holding.retarget" not in dict(_take_jobs())


def test_held_notices_go_with_their_case(office: Office, monkeypatch: Any) -> None:
    from efface.cases import consents

    notice = host_drafted(office)
    retargeted(office, monkeypatch)
    with clock.fixed(office.now):
        consents.withdraw(office.case, "notify", "survivor", office.now)
    notice.refresh_from_db()
    assert notice.state == "cancelled"


def looked(office: Office, *hosts: Any) -> None:
    """The finding is planned anew while the site answers from these."""
    office.fetcher.answers["whereabouts"] = dossier(OPERATOR, *hosts, MEDIA_HOST, REGISTRAR, SEARCH)
    with clock.fixed(office.now):
        planning.request(Route.objects.first().finding)  # type: ignore[union-attr]
    office.work()


def test_a_site_that_answers_from_hosts_in_turn_leaves_nothing_held(office: Office) -> None:
    """Every look-up names the other host: neither is given up, and what was held goes when its host is back."""
    notice = host_drafted(office)
    office.approve(route__role="host")
    _take_jobs()
    for turn in range(6):
        office.now += timedelta(hours=2)
        looked(office, NEW if turn % 2 == 0 else HOST)
        notice.refresh_from_db()
        assert (notice.state == "held") == (turn % 2 == 0 and turn == 0), f"turn {turn}: {notice.state}"
    assert notice.state == "sent" and office.mails().count(("abuse@host.example", "1")) == 1
    assert set(Route.objects.filter(role="host").values_list("state", flat=True)) <= {"active", "planned"}
    held = Notice.objects.filter(state="held")
    assert set(held.values_list("route__party_key", flat=True)) == {NEW.key}
    looked(office, NEW)
    assert not held.exists()


def test_a_party_that_was_given_up_is_asked_again_when_it_is_back(office: Office) -> None:
    office.finding()
    office.work()
    for _ in range(2):
        looked(office, NEW)
        office.now += lookups.APART + timedelta(minutes=1)
    assert Route.objects.get(party_key=HOST.key).state == "dropped"
    looked(office, HOST)
    assert Route.objects.get(party_key=HOST.key).state == "planned"


def test_the_registry_does_not_have_everybody_plan_anew_for_a_host_in_turn(office: Office, monkeypatch: Any) -> None:
    host_drafted(office)
    seen = []
    for turn in range(5):
        there = dossier(OPERATOR, NEW if turn % 2 == 0 else HOST, MEDIA_HOST, REGISTRAR, SEARCH)
        monkeypatch.setattr(site_jobs, "whereabouts", lambda *_, it=there: it)
        office.now += lookups.APART + timedelta(hours=1)
        with clock.fixed(office.now):
            site_jobs.look_up(site=Site.objects.get().pk)
        seen += [name for name, _ids in _take_jobs()]
    assert "takedown.holding.retarget" not in seen and not SiteChange.objects.filter(what="host").exists()


def test_waking_one_finding_leaves_the_mails_of_others_alone(office: Office) -> None:
    """Planning all findings of a case defers one job for each waiting mail, not one for each pair."""
    first = office.finding()
    office.work()
    office.approve()
    office.finding(page="http://pictures.example/v/2", media=("http://img.pictures.example/2.jpg",), thumbs=())
    office.work()
    _take_jobs()
    for notice in Notice.objects.filter(state="sent"):
        Notice.objects.filter(pk=notice.pk).update(state="queued")
        Outbox.objects.filter(subject=notice.pk).update(state="ready")
    waiting = Notice.objects.filter(finding=first, state="queued").count()
    assert waiting and Notice.objects.filter(state="queued").count() > waiting
    planning._wake(first)
    assert len([name for name, _ids in _take_jobs() if name == "engine.base.outbox.send"]) == waiting
