"""Many rows cost no more questions than few; and where a decision stands is known without making it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from efface.accounts.models import Member
from efface.cases import consents, events, messages
from efface.cases.models import ReportedLink
from efface.console import ordering, queue
from efface.engine.base import sealing, tenancy
from efface.engine.base.models import Outbox
from efface.evidence.models import Capture
from efface.evidence.referrals import referring
from efface.search.models import Asset, Finding
from efface.sites.models import Evidence, Membership, Network, NetworkEdge, Site
from efface.takedown import templates
from efface.takedown.models import Inbound, Notice, Publication, Route
from efface.whereabouts.mirrors.kinds import FAMILIES
from tests import people

pytestmark = pytest.mark.django_db


def page(name: str) -> str:
    return f"https://pictures.example/{name}/{uuid.uuid4()}"


def replied(notice: Any, now: Any, words: str = "Please send proof of identity.") -> Inbound:
    row = Inbound(organisation_id=notice.organisation_id, case_id=notice.case_id, notice=notice, at=now,
                  raw=uuid.uuid4(), digest=uuid.uuid4().bytes, kind="asks_more", confidence=0.4)  # fmt: skip
    row.sender, row.text, row.because = "desk@host.example", words, words
    row.save()
    return row


def unclear(notice: Any, now: Any) -> None:
    row = Outbox(organisation_id=notice.organisation_id, case_id=notice.case_id, kind="notice", subject=notice.pk,
                 key=str(uuid.uuid4()), message_id=f"<{uuid.uuid4()}@efface>", state="ambiguous", created=now,
                 sending_at=now)  # fmt: skip
    row.recipient, row.message = "abuse@host.example", "raw"
    row.save()


def one_of_each(case: Any, now: Any) -> None:
    """One decision of nearly every kind, and what stands beside a finding."""
    people.make_match(case, page=page("match"), at=now)
    people.make_notice(people.make_finding(case, page=page("draft")), at=now)
    form = people.make_finding(case, page=page("form"))
    Asset.objects.create(organisation_id=case.organisation_id, case=case, finding=form, role="page", host="x.example",
                         url=str(form.page_url), url_digest=uuid.uuid4().bytes, added_at=now)  # fmt: skip
    filed = people.make_notice(form, state="prepared", channel="form", contact="https://host.example/report", at=now)
    Route.objects.filter(pk=filed.route_id).update(party_key="host:desk")
    filed.template, filed.urls = templates.template(filed.notice_type, "en").version, [str(form.page_url)]
    filed.save()
    sent = people.make_notice(people.make_finding(case, page=page("sent")), state="sent", sent_at=now, at=now)
    people.make_check(sent.finding, at=now)
    Capture.objects.create(organisation_id=case.organisation_id, case=case, finding=sent.finding, episode=1, at=now,
                           warc=uuid.uuid4(), warc_sha256="0" * 64, warc_bytes=1)  # fmt: skip
    replied(sent, now)
    Publication.objects.create(organisation_id=case.organisation_id, case=case, notice=sent, how="page", at=now)
    unclear(people.make_notice(people.make_finding(case, page=page("unclear")), state="ambiguous", at=now), now)
    people.make_notice(people.make_finding(case, page=page("moved")), state="held", at=now)
    people.make_check(people.make_finding(case, state="conflict", page=page("conflict")), state="conflict", at=now)
    people.make_finding(case, age="unknown", page=page("age"))
    left = people.make_finding(case, page=page("stuck"))
    events.record(case, "finding.exhausted", "engine", subject=left.pk, now=now)
    messages.write(case, from_survivor=True, author="survivor", text=f"Hello {uuid.uuid4()}", now=now)
    link = ReportedLink(organisation_id=case.organisation_id, case=case, at=now, by="survivor", handled_at=now,
                        outcome="no answer")  # fmt: skip
    link.url = page("link")
    link.save()


def network_of(number: int, now: Any) -> Network:
    """``number`` sites in a row, each held together with the next; half of them proven."""
    network = Network.objects.create(name="a network", created=now)
    sites = [
        Site.objects.create(domain=f"{uuid.uuid4().hex}.example", start_url="https://x.example/", added_at=now,
                            network=network) for _n in range(number)
    ]  # fmt: skip
    for place, site in enumerate(sites):
        Membership.objects.create(
            site=site, network=network, same=str(network.pk) if place < number / 2 else "", since=now
        )
    for one, other in pairwise(sites):
        one, other = sorted((one, other), key=lambda site: site.pk)
        digest = uuid.uuid4().bytes
        for site in (one, other):
            Evidence.objects.create(site=site, kind="ga", digest=digest, shown="UA-1", first_seen=now, last_seen=now)
        NetworkEdge.objects.create(one=one, other=other, brings=[3.0] * len(FAMILIES), because=[f"ga:{digest.hex()}"],
                                   band="likely")  # fmt: skip
    return network


def questions(client: Any, url: str, sent: dict[str, str]) -> int:
    """What is read from the database for this page once it is warm; without what keeps a session alive."""
    for _round in range(2):
        sealing.forget_case_keys()
        with CaptureQueriesContext(connection) as asked:
            answer = client.post(url, sent) if sent else client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
    reads = [one["sql"] for one in asked if one["sql"].lstrip("(").startswith("SELECT")]
    return len([one for one in reads if "set_config(" not in one])


def test_more_rows_cost_no_more_questions(organisation: Any, case: Any, now: Any) -> None:
    lead = people.signed_in(people.worker(organisation, "lead"))
    counted: list[dict[str, int]] = []
    for more in (2, 18):
        with tenancy.organisation(organisation.pk):
            consents.give(case, "contact_operator", "survivor", now)
            for _n in range(more):
                one_of_each(case, now)
                other = people.open_case(organisation).case
                consents.give(other, "notify", "survivor", now)
                people.make_notice(people.make_finding(other, page=page("other")), at=now - timedelta(days=1))
                people.make_notice(
                    people.make_finding(other, page=page("other-form")), state="prepared", channel="form",
                    contact="https://host.example/report", at=now - timedelta(days=1),
                )  # fmt: skip
            network = network_of(more, now)
            one = str(Finding.objects.filter(case=case)[0].site_id)
        inside = f"/console/cases/{case.pk}/"
        kinds = ("match", "notice", "filing", "reply", "conflict", "age", "stuck", "send", "publication", "moved",
                 "message", "link", "site")  # fmt: skip
        pages = {
            "queue": "/console/queue/", "queue 2": "/console/queue/?page=2", "changed": "/console/queue/fresh/?seen=x",
            **{f"queue of {kind}": f"/console/queue/?kind={kind}" for kind in kinds},
            "case": inside, "all findings": f"{inside}?findings=all", "timeline": f"{inside}timeline/",
            "letters": f"{inside}letters/", "by hand of it": f"{inside}by-hand/", "evidence": f"{inside}evidence/",
            "police": f"{inside}police/", "cases": "/console/cases/", "clocks": "/console/clocks/",
            "by hand": "/console/by-hand/", "team": "/console/team/", "networks": "/console/networks/",
            "network": f"/console/networks/{network.pk}/", "sites": "/console/sites/",
            "site": f"/console/sites/{one}/", "coverage": "/console/coverage/",
            "coverage of it": f"/console/coverage/{one}/", "statistics": "/console/statistics/",
            "results": "/console/results/",
        }  # fmt: skip
        told = {name: questions(lead, url, {}) for name, url in pages.items()}
        told["find"] = questions(lead, "/console/find/", {"q": "pictures.example"})
        told["find a case"] = questions(lead, "/console/find/", {"q": case.reference[:1]})
        counted.append(told)
    few, many = counted
    grown = {name: (few[name], many[name]) for name in few if many[name] > few[name]}
    assert not grown, f"a question for each row: {grown}"


def test_a_referred_case_with_more_rows_costs_no_more_questions(organisation: Any, case: Any, now: Any) -> None:
    officer, lead = people.worker(organisation, "investigator"), people.worker(organisation, "lead")
    client = people.signed_in(officer)
    order = referring.Order(officer.pk, "Cyber Unit, Example City", ("pages", "proof", "demands"), 10, risks_told=True)
    counted: list[dict[str, int]] = []
    for more in (2, 18):
        with tenancy.organisation(organisation.pk):
            if not counted:
                consents.give(case, "police", "survivor", now)
                referral = referring.refer(case, order, f"lead:{lead.pk}", now)
            for _n in range(more):
                one_of_each(case, now)
                other = people.open_case(organisation).case
                consents.give(other, "police", "survivor", now)
                referring.refer(other, order, f"lead:{lead.pk}", now)
        told = {
            "room": questions(client, "/police/", {}),
            "case": questions(client, f"/police/cases/{referral.pk}/", {}),
            "the lead's page": questions(people.signed_in(lead), f"/console/cases/{case.pk}/police/", {}),
        }
        counted.append(told)
    few, many = counted
    grown = {name: (few[name], many[name]) for name in few if many[name] > few[name]}
    assert not grown, f"a question for each row: {grown}"


def test_the_place_of_a_decision_is_what_the_decision_says(organisation: Any, case: Any, now: Any) -> None:
    member = people.worker(organisation, "lead")
    danger = people.open_case(organisation, danger=True).case
    with tenancy.organisation(organisation.pk):
        for purpose in ("hash_match", "notify"):
            consents.give(danger, purpose, "survivor", now)
        for days, one in ((3, case), (1, danger)):
            one_of_each(one, now - timedelta(days=days))
        people.make_match(case, strong=False, score=28, page=page("weak"), at=now)
        people.make_match(case, page=page("back"), at=now, reasons=[{"kind": "return", "site": "x.example"}])
        people.make_finding(case, state="conflict", page=page("unchecked"))
        line = queue.line(Member.objects.get(user=member), now)
        made = queue.made(Member.objects.get(user=member), line.places)
    assert {one.kind for one in line.places} >= {
        "message", "link", "match", "age", "site", "notice", "moved", "filing", "send", "reply", "publication", "stuck",
        "conflict",
    }  # fmt: skip
    assert [one.order() for one in made] == [one.order() for one in line.places]
    assert [one.order() for one in made] == sorted(one.order() for one in made)


def test_what_came_back_comes_first_however_much_waits(
    organisation: Any, case: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "EACH", 2)
    monkeypatch.setattr(queue, "SHOWN", 1)
    worker = people.worker(organisation)
    with tenancy.organisation(organisation.pk):
        for n in range(4):
            people.make_match(case, page=page("strong"), at=now - timedelta(days=9 + n))
        back = people.make_match(case, strong=False, page=page("back"), at=now, reasons=[{"kind": "return"}])
        line = queue.line(Member.objects.get(user=worker), now)
    assert line.places[0].id == back.pk and line.capped


def test_it_is_said_that_more_waits_only_where_it_does(
    organisation: Any, case: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "EACH", 3)
    monkeypatch.setattr(queue, "SHOWN", 1)
    worker = people.worker(organisation)
    with tenancy.organisation(organisation.pk):
        member = Member.objects.get(user=worker)
        for number in range(1, 5):
            people.make_match(case, page=page("m"), at=now)
            line = queue.line(member, now)
            assert (len(line.places), line.capped) == (min(number, 3), number > 3)


def test_what_may_not_go_out_makes_room_for_what_may(organisation: Any, case: Any, now: Any) -> None:
    worker = people.worker(organisation)
    with tenancy.organisation(organisation.pk):
        silent = people.open_case(organisation).case
        for n in range(4):
            people.make_notice(people.make_finding(silent, page=page("no")), at=now - timedelta(days=9 + n))
        may = people.make_notice(people.make_finding(case, page=page("yes")), at=now)
        member = Member.objects.get(user=worker)
        told, more = ordering.places(member, ["notice"], queue.Within(most=2), now)["notice"]
    assert [one.id for one in told] == [may.pk] and not more


def test_a_change_of_a_row_is_noticed(organisation: Any, case: Any, now: Any) -> None:
    worker = people.worker(organisation)
    with tenancy.organisation(organisation.pk):
        notice = people.make_notice(people.make_finding(case, page=page("x")), at=now)
        member = Member.objects.get(user=worker)
        before = queue.line(member, now).stamp()
        assert queue.line(member, now).stamp() == before
        Notice.objects.filter(pk=notice.pk).update(contact="other@host.example")
        assert queue.line(member, now).stamp() != before
