"""An organisation in which every form of the console has something to do, and somebody of each role to fill it in."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from efface.accounts import joining, unsent
from efface.accounts.models import Member
from efface.cases import absence, consents, duty, holds, links, messages, naming, notes, own
from efface.cases.models import Case
from efface.console import opinions, queue, undoing
from efface.engine.base import clock, tenancy
from efface.evidence.extortion import deciding
from efface.evidence.referrals import referring, room, signalling
from efface.partners import reports
from efface.sites import registry
from efface.sites.models import Membership, Network, Site
from efface.takedown import planning
from efface.takedown.channels import steps
from tests import people
from tests.api.conftest import make_partner
from tests.conftest import NOON
from tests.console import walking
from tests.console.test_browser import _trouble
from tests.console.test_by_hand import FTC, LETTER
from tests.console.test_partners import XARF
from tests.evidence.packing import full_case, order
from tests.police.conftest import order as referral_order
from tests.takedown.conftest import HOST, OPERATOR, SEARCH, dossier

ROLES = ("caseworker", "lead", "coordinator", "investigator", "auditor", "operator")


def furnish(organisation: Any, monkeypatch: pytest.MonkeyPatch, now: Any = NOON) -> SimpleNamespace:
    """``users`` and ``clients`` by role, ``case``, and ``starts``: pages that no link leads to without a filter."""
    monkeypatch.setenv("EFFACE_SEALED_COPIES", "yes")
    one = SimpleNamespace(organisation=organisation)
    one.users = {role: people.worker(organisation, role) for role in ROLES}
    one.clients = {role: people.signed_in(user) for role, user in one.users.items()}
    one.second = people.worker(organisation, "lead", "Sam Second")
    partner = make_partner(organisation).partner
    network = Network.objects.create(name="sites of one operator", created=now)
    for name in ("one.example", "two.example"):
        site = people.make_site(name)
        Site.objects.filter(pk=site.pk).update(hostility=Site.Hostility.COOPERATIVE)
        Membership.objects.create(network=network, site=site, since=now, same="group")
    with tenancy.organisation(organisation.pk):
        one.case = case = full_case(organisation, monkeypatch)
        Case.objects.filter(pk=case.pk).update(level="attested")
        for purpose in ("copy_match", "text_search"):
            consents.give(case, purpose, "survivor", now)
        members = {role: Member.objects.get(user=user) for role, user in one.users.items()}
        lead, worker, third = members["lead"], members["caseworker"], Member.objects.get(user=one.second)
        naming.add(case, "handle", "quietlake_94", "survivor", now)
        own.add(case, "https://example.org/her", "survivor", now)
        notes.write(case, "She would rather be called in the evening.", one.users["caseworker"], now)
        absence.say(third, lead, now, now + timedelta(days=4), third, now)
        absence.say(worker, third, now, now + timedelta(days=4), worker, now)
        duty.add(lead, now - timedelta(hours=2), now + timedelta(hours=6), now)
        people.make_match(case)
        weak = people.make_match(case, strong=False, score=29, page="https://pictures.example/w")
        for number in range(3):
            match = people.make_match(case, page=f"https://one.example/{number}")
            type(match.sighting).objects.filter(pk=match.sighting_id).update(site=Site.objects.get(domain="one.example"))
        decision = queue.find(third, "match", weak.pk)
        assert decision is not None
        asked = opinions.ask(decision, lead.user_id, "Is it the same room?", third, now)
        opinions.answer(opinions.ask(decision, None, "And this?", lead, now), "I would ask her.", one.second, now)
        undoing.note(lead, "match", weak.pk, case.pk, "reject", now)
        one.finding = finding = people.make_finding(case)
        people.make_check(finding)
        people.make_notice(finding)
        people.make_notice(finding, state="prepared", channel="form", contact="https://search.example/removal")
        one.sent = people.make_notice(finding, state="sent", sent_at=now)
        people.make_finding(case, age="unknown", kind="face", page="https://pictures.example/p/3")
        people.make_finding(case, state="conflict", page="https://pictures.example/p/5")
        messages.write(case, from_survivor=True, author="survivor", text="Is there anything new?", now=now)
        _trouble(case, finding, now)
        for way in (FTC, LETTER):
            steps.ensure(finding, way, now)
        planning.apply(finding, dossier(OPERATOR, HOST, SEARCH), now)
        holds.place(case, reason="x", owner="Court", ends=now + timedelta(days=9), actor="lead:1", now=now)
        order(case)
        deciding.add(case, "handle", "bad.guy", "telegram", "caseworker:1", now)
        one.referral = referring.refer(case, referral_order(one.users["investigator"]), f"lead:{lead.user_id}", now)
        room.ask(one.referral, "When was it found?", now)
        signalling.signal(case, "life", "caseworker:1", now, "She was told so.") if "life" in _signals() else None
        reports.take(organisation.pk, XARF, now, partner)
        joining.invite(members["coordinator"], "new@desk.example", "N. New", "caseworker", now)
        links.report(case, "https://pictures.example/p/9", "survivor", now)
        registry.discover("https://first-met.example/", "redirect", now)
    _ask_for_more(one)
    for role, client in one.clients.items():
        client.get("/console/account/")
        with tenancy.organisation(organisation.pk):
            key = client.session.session_key or ""
        unsent.keep(key, "/console/sites/add/", {"address": f"https://{role}.example/"}, clock.wall())
    one.starts = ["/console/", "/console/account/", "/console/account/unsent/", "/console/members/",
                  f"/console/cases/{case.pk}/", "/console/networks/", f"/console/networks/{network.pk}/decide/",
                  "/console/team/", f"/console/opinions/match/{weak.pk}/", "/console/demands/",
                  f"/console/decision/opinion/{asked.pk}/", "/console/find/", "/console/help/", "/police/",
                  f"/console/suspect/match/{weak.pk}/", f"/console/clocks/{one.sent.pk}/", "/console/calendar/",
                  "/console/programmes/", "/console/partners/", "/console/face-search/", "/console/statistics/",
                  "/console/sites/", "/console/coverage/", "/console/reports/", "/console/desk-rules/",
                  "/console/second-step/", *_of_case(one)]  # fmt: skip
    return one


def _of_case(one: SimpleNamespace) -> list[str]:
    place = f"/console/cases/{one.case.pk}/"
    pages = ("reach/", "attest/", f"plan/{one.finding.pk}/", "proof/", "erase/", "by-hand/", "particulars/", "asking/",
             "mine/", "pictures/", "police/", "partners/")  # fmt: skip
    return [place + more for more in pages]


def _ask_for_more(one: SimpleNamespace) -> None:
    """What the doors themselves make best: a calendar, a saved view, programmes with a grant and an invoice."""
    case, lead, coordinator = f"/console/cases/{one.case.pk}/", one.clients["lead"], one.clients["coordinator"]
    lead.post("/console/calendar/change/", {"choice": "make"})
    lead.post("/console/queue/views/save/", {"name": "Matches", "query": "kind=match"})
    demand = {"asked_by": "A court", "asked_for": "names", "law": "1 Code", "received": "2026-03-01", "may_tell": "yes"}
    lead.post("/console/demands/", demand)
    one.clients["caseworker"].post(case + "message/", {"text": "We are on it."})
    for form in walking.walk(coordinator, ["/console/programmes/"]).values():
        if form.view in ("console:programme-add", "console:grant-add", "console:invoice-add"):
            coordinator.post(form.action, form.sent())


def _signals() -> list[str]:
    from efface.evidence.models import Signal

    return list(Signal.Kind.values)
