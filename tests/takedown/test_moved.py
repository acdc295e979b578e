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
from efface.sites.models import Site, SiteChange
from efface.takedown import holding, planning
from efface.takedown.approving import NotWaiting
from efface.takedown.models import Notice, Route
from tests import people
from tests.takedown.conftest import HOST, MEDIA_HOST, OPERATOR, REGISTRAR, SEARCH, Office, _take_jobs, dossier, mail

pytestmark = pytest.mark.django_db
NEW = replace(HOST, key="host:AS64999", name="Other Hosting", contacts=[mail("abuse@other.example")])


def moves(office: Office, monkeypatch: Any) -> list[tuple[str, dict[str, str]]]:
    """The registry's own look-up meets the new host. Returns the jobs that brought."""
    there = dossier(OPERATOR, NEW, MEDIA_HOST, REGISTRAR, SEARCH)
    office.fetcher.answers["whereabouts"] = there
    monkeypatch.setattr(site_jobs, "whereabouts", lambda *_: there)
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
