"""The pages: the console's page of a case, the queue, and the investigators' room."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from efface.accounts import programmes
from efface.accounts.models import AuditEntry
from efface.cases import consents, messages
from efface.cases.may import may
from efface.console import queue
from efface.engine.base import age, clock, tenancy
from efface.evidence.models import Hold, Pack, PoliceRequest, Question, Referral, ReferralPack, Signal
from efface.evidence.packs import making
from efface.evidence.referrals import referring, room
from tests import pdf_text, people
from tests.police.conftest import order

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(scene: Any) -> Any:
    return people.signed_in(scene.officer)


@pytest.fixture
def lead(scene: Any) -> Any:
    return people.signed_in(scene.lead)


def at(scene: Any, name: str, **more: Any) -> str:
    return reverse(f"police:{name}", kwargs={"id": scene.referral.pk, **more})


def test_the_room_lists_and_shows_what_was_referred_marked(scene: Any, officer: Any) -> None:
    assert officer.get("/console/").url == "/police/"
    page = officer.get("/police/").content.decode()
    assert scene.case.reference in page and scene.other.reference not in page
    page = officer.get(at(scene, "referral")).content.decode()
    assert "Officer One, 2026-03-02 12:00 UTC" in page and "hxxps://pictures[.]example/p/2" in page
    assert "p/other" not in page
    table = officer.get(at(scene, "table")).content.decode()
    assert table.startswith('"Officer One, 2026-03-02 12:00 UTC') and "https://pictures.example/p/2" in table
    assert officer.get(at(scene, "letter")).content.startswith(b"%PDF-")
    with tenancy.organisation(scene.organisation.pk):
        seen = list(AuditEntry.objects.filter(subject=str(scene.referral.pk)).values_list("action", flat=True))
    assert seen == ["referral.made", "referral.seen.case", "referral.seen.table", "referral.seen.letter"]


def test_the_name_is_shown_only_where_it_was_referred(scene: Any, officer: Any, now: Any) -> None:
    with tenancy.organisation(scene.organisation.pk):
        scene.case.name = "Subject A"
        scene.case.save()
    assert b"Subject A" not in officer.get(at(scene, "referral")).content
    with tenancy.organisation(scene.organisation.pk):
        Referral.objects.filter(pk=scene.referral.pk).update(parts=["pages", "name"])
    assert b"Subject A" in officer.get(at(scene, "referral")).content


def test_another_officer_finds_nothing(scene: Any) -> None:
    client = people.signed_in(scene.stranger)
    assert scene.case.reference not in client.get("/police/").content.decode()
    for name in ("referral", "table", "letter"):
        answer = client.get(at(scene, name))
        assert answer.status_code == 410 and scene.case.reference not in answer.content.decode()
    assert client.post(at(scene, "say"), {"text": "hello"}).status_code == 410
    with tenancy.organisation(scene.organisation.pk):
        assert not Question.objects.exists()


def test_access_that_ends_in_mid_form_gives_back_what_was_typed(scene: Any, officer: Any, now: Any) -> None:
    assert officer.get(at(scene, "referral")).status_code == 200
    with clock.fixed(scene.referral.until + timedelta(minutes=1)):
        answer = officer.post(at(scene, "say"), {"text": "Which platform was it <b>?"})
    assert answer.status_code == 410 and b"Which platform was it &lt;b&gt;?" in answer.content
    with tenancy.organisation(scene.organisation.pk):
        assert not Question.objects.exists()


def test_she_takes_it_back_and_the_room_is_empty_at_once(scene: Any, officer: Any, now: Any) -> None:
    with tenancy.organisation(scene.organisation.pk):
        consents.withdraw(scene.case, "police", "survivor", now)
    assert officer.get(at(scene, "referral")).status_code == 410
    assert b"No case stands referred" in officer.get("/police/").content


def test_questions_go_both_ways(scene: Any, officer: Any, lead: Any, now: Any) -> None:
    data = {"text": "Which platform was it?", "once": "q1"}
    for _ in range(2):
        assert officer.post(at(scene, "say"), data).status_code == 302
    member = scene.lead.members.model
    with tenancy.organisation(scene.organisation.pk):
        assert Question.objects.count() == 1
        found = queue.decisions(member.objects.get(user=scene.lead))
        (waits,) = [one for one in found if one.kind == "police-question"]
    url = reverse("console:take", args=["police-question", waits.id])
    assert lead.post(url, {"choice": "answer", "text": "A forum.", "mark": waits.mark}).status_code == 302
    page = officer.get(at(scene, "referral")).content.decode()
    assert "A forum." in page and "Which platform" in page


def test_a_request_waits_for_a_lead_and_the_hold_stands(scene: Any, officer: Any, lead: Any, now: Any) -> None:
    bad = officer.post(at(scene, "ask"), {"kind": "hold", "days": "900", "why": "keep my words"})
    assert bad.status_code == 422 and b"keep my words" in bad.content
    given = {"kind": "hold", "days": "3", "why": "A search is planned", "once": "r1"}
    assert officer.post(at(scene, "ask"), given).status_code == 302
    with tenancy.organisation(scene.organisation.pk):
        asked = PoliceRequest.objects.get()
    url = reverse("console:police-decide", args=[scene.case.pk, asked.pk])
    assert people.signed_in(scene.worker).post(url, {"choice": "grant"}).status_code == 403
    assert lead.post(url, {"choice": "refuse"}).status_code == 422
    assert lead.post(url, {"choice": "grant"}).status_code == 302
    assert lead.post(url, {"choice": "grant"}).status_code == 422, "a second time nothing is done"
    with tenancy.organisation(scene.organisation.pk):
        assert Hold.objects.count() == 1
    assert b"granted" in officer.get(at(scene, "referral")).content


def test_keys_are_given_and_bad_ones_refused(scene: Any, officer: Any) -> None:
    assert officer.post("/police/key/", {"key": "age1no"}).status_code == 422
    public = age.new_identity()[1]
    assert officer.post("/police/key/", {"key": public}).status_code == 302
    assert age.fingerprint(public) in officer.get("/police/").content.decode()
    assert officer.post("/police/key/", {"key": age.new_identity()[1], "lost": "yes"}).status_code == 302


def test_a_pack_is_taken_once_it_is_ready_and_noted(
    scene: Any, officer: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenancy.organisation(scene.organisation.pk):
        room.give_key(scene.organisation.pk, scene.officer.pk, age.new_identity()[1], False, now)
        pack = referring.pack(scene.referral, "lead:x", now)
    url = at(scene, "pack", pack_id=pack.pk)
    assert officer.post(url).status_code == 422
    with tenancy.organisation(scene.organisation.pk):
        Pack.objects.filter(pk=pack.pk).update(state="ready", size=3, sha256="0" * 64)
    monkeypatch.setattr(making, "_stream", lambda *_: iter([b"abc"]))
    answer = officer.post(url)
    assert answer.status_code == 200 and b"".join(answer.streaming_content) == b"abc"
    with tenancy.organisation(scene.organisation.pk):
        assert AuditEntry.objects.filter(action="referral.seen.pack").count() == 1
        assert AuditEntry.objects.filter(action="pack.handed-over", actor=f"investigator:{scene.officer.pk}").exists()
        assert ReferralPack.objects.count() == 1
    assert officer.post(at(scene, "pack", pack_id=uuid.uuid4())).status_code == 422


class TestConsole:
    def page(self, scene: Any) -> str:
        return reverse("console:case-police", args=[scene.case.pk])

    def test_the_page_has_desks_risks_and_what_they_opened(self, scene: Any, lead: Any, officer: Any) -> None:
        officer.get(at(scene, "referral"))
        page = lead.get(self.page(scene)).content.decode()
        assert 'data-fact="risks"' in page and 'data-view="referral.seen.case"' in page
        assert "Officer One" in page and "A statute obliges us" in page
        assert "A statute obliges us" not in people.signed_in(scene.worker).get(self.page(scene)).content.decode()

    def test_a_case_without_anything_has_its_empty_states(self, scene: Any, lead: Any) -> None:
        page = lead.get(reverse("console:case-police", args=[scene.other.pk])).content.decode()
        assert "The police get nothing without her" in page and "Refer the case" in page

    def test_refer_by_the_form_keeps_what_was_typed(self, scene: Any, lead: Any) -> None:
        url = reverse("console:police-refer", args=[scene.case.pk])
        given = {"investigator": str(scene.stranger.pk), "desk": "Unit Two", "parts": ["pages"], "days": "5",
                 "ground": "consent", "once": "x"}  # fmt: skip
        bad = lead.post(url, given)
        assert bad.status_code == 422 and b"whom a report can hurt" in bad.content and b"Unit Two" in bad.content
        assert lead.post(url, given | {"risks": "yes"}).status_code == 302
        assert lead.post(url, given | {"risks": "yes"}).status_code == 302
        with tenancy.organisation(scene.organisation.pk):
            assert Referral.objects.filter(investigator=scene.stranger).count() == 1

    def test_a_signal_stands_first_in_the_leads_queue(self, scene: Any, lead: Any) -> None:
        url = reverse("console:police-signal", args=[scene.case.pk])
        worker = people.signed_in(scene.worker)
        assert worker.post(url, {"kind": "nothing", "note": "keep this"}).status_code == 422
        for _ in range(2):
            assert worker.post(url, {"kind": "scene", "note": "a station is seen"}).status_code == 302
        with tenancy.organisation(scene.organisation.pk):
            member = scene.lead.members.model.objects.get(user=scene.lead)
            first = queue.decisions(member)[0]
            assert first.kind == "signal" and first.text and first.reasons
            assert "signal" not in {
                one.kind for one in queue.decisions(member.__class__.objects.get(user=scene.worker))
            }  # fmt: skip
        take = reverse("console:take", args=["signal", first.id])
        assert lead.post(take, {"choice": "not-so", "mark": first.mark}).status_code == 422
        assert lead.post(take, {"choice": "taken", "mark": first.mark}).status_code == 302
        with tenancy.organisation(scene.organisation.pk):
            assert Signal.objects.get().outcome == "taken"

    def test_end_say_letter_pack(self, scene: Any, lead: Any, officer: Any) -> None:
        ids = [scene.case.pk, scene.referral.pk]
        assert lead.get(reverse("console:police-letter", args=ids)).content.startswith(b"%PDF-")
        assert lead.post(reverse("console:police-say", args=ids), {"text": " "}).status_code == 422
        assert lead.post(reverse("console:police-say", args=ids), {"text": "Good day"}).status_code == 302
        assert b"public key" in lead.post(reverse("console:police-pack", args=ids)).content
        for _ in range(2):
            assert lead.post(reverse("console:police-end", args=ids)).status_code == 302
        assert officer.get(at(scene, "referral")).status_code == 410
        assert lead.post(reverse("console:police-say", args=ids), {"text": "too late"}).status_code == 422
        assert lead.post(reverse("console:police-pack", args=ids)).status_code == 422

    def test_the_hotline_draft_is_for_somebody_young_alone(self, scene: Any, lead: Any) -> None:
        assert lead.post(reverse("console:police-tip", args=[scene.case.pk, "xml"])).status_code == 422
        young = people.open_case(scene.organisation, age="minor", country="GB").case
        url = reverse("console:police-tip", args=[young.pk, "xml"])
        assert b"No address is known" in lead.post(url).content
        with tenancy.organisation(scene.organisation.pk):
            people.make_finding(young, age="minor", page="https://pictures.example/p/young")
        answer = lead.post(url)
        assert answer["Content-Type"] == "application/xml" and b"/p/young" in answer.content
        assert lead.post(reverse("console:police-tip", args=[young.pk, "pdf"])).status_code == 404
        page = lead.get(reverse("console:case-police", args=[young.pk])).content.decode()
        assert page.index("report.iwf.org.uk") < page.index("report.cybertip.org")


def test_a_referral_for_a_stranger_of_the_case_is_refused(scene: Any, now: Any) -> None:
    outsider = people.worker(people.make_organisation("Other"), "investigator")
    with tenancy.organisation(scene.organisation.pk), pytest.raises(referring.CannotRefer, match="investigator"):
        referring.refer(scene.case, order(outsider), "lead:x", now)


class TestTerms:
    def test_an_agencys_terms_stand_everywhere_beside_the_police(self, scene: Any, lead: Any, now: Any) -> None:
        with tenancy.organisation(scene.organisation.pk):
            member = scene.lead.members.model.objects.get(user=scene.lead)
            row = programmes.add(member, programmes.Asked("State police", "agency", "EUR", 8000), now)
            free = programmes.add(member, programmes.Asked("For all", "survivors"), now)
        page = lead.get(reverse("console:case-police", args=[scene.case.pk])).content.decode()
        assert "State police: Agencies, on agreed terms, 80.00 EUR a case" in page and "For all:" not in page
        url = reverse("console:police-refer", args=[scene.case.pk])
        given = {"investigator": str(scene.stranger.pk), "desk": "Unit Two", "parts": ["pages"], "days": "5",
                 "ground": "consent", "risks": "yes", "once": "t"}  # fmt: skip
        assert b"not open any more" in lead.post(url, given | {"programme": str(free.pk)}).content
        assert lead.post(url, given | {"programme": str(row.pk)}).status_code == 302
        with tenancy.organisation(scene.organisation.pk):
            programmes.change(member, row, programmes.Asked("State police", "agency", "EUR", 90000), now)
            made = Referral.objects.get(investigator=scene.stranger)
        room_of = people.signed_in(scene.stranger)
        for address in ("/police/", reverse("police:referral", kwargs={"id": made.pk})):
            assert "80.00 EUR a case" in room_of.get(address).content.decode(), "as they stood that day"
        told = "".join(pdf_text.runs(room_of.get(reverse("police:letter", kwargs={"id": made.pk})).content))
        assert "80.00EUR" in told.replace(" ", "").replace("\u200b", "")
        assert "free, like everybody" in people.signed_in(scene.officer).get("/police/").content.decode()


class TestYoung:
    def test_her_wish_goes_by_two_people_and_is_told(self, scene: Any, lead: Any, now: Any) -> None:
        case = people.open_case(scene.organisation, age="minor", country="DE").case
        worker = people.signed_in(scene.worker)
        page = worker.get(reverse("console:case-police", args=[case.pk])).content.decode()
        assert "decides alone from 18 on" in page and "young people who made the picture themselves" in page
        url = reverse("console:police-wish", args=[case.pk])
        typed = {"who": "herself", "age": "16", "alone": "yes", "risks": "yes"}
        bad = worker.post(url, typed)
        assert bad.status_code == 422 and b"no parent or guardian is asked" in bad.content
        assert b'value="16"' in bad.content, "nothing typed is lost"
        assert worker.post(url, typed | {"why": "He did it."}).status_code == 302
        with tenancy.organisation(scene.organisation.pk):
            member = scene.lead.members.model.objects.get(user=scene.lead)
            (one,) = (one for one in queue.decisions(member) if one.kind == "police-wish")
            assert "He did it." in str(one.facts) and any("young people" in line for line in one.reasons)
            assert not Referral.objects.filter(case=case).exists()
        take = reverse("console:take", args=["police-wish", one.id])
        people.signed_in(scene.worker).post(take, {"choice": "confirm", "mark": one.mark})
        with tenancy.organisation(scene.organisation.pk):
            assert not may(case, "police", now), "no caseworker confirms it"
        lead.post(take, {"choice": "confirm", "mark": one.mark})
        with tenancy.organisation(scene.organisation.pk):
            assert may(case, "police", now)
        page = worker.get(reverse("console:case-police", args=[case.pk])).content.decode()
        assert "She allows that the police get the case." in page and 'data-wish="confirmed"' in page


class TestHoldsAreSeen:
    @pytest.fixture
    def held(self, scene: Any, now: Any) -> Any:
        opened = people.open_case(scene.organisation)
        with tenancy.organisation(scene.organisation.pk):
            consents.give(opened.case, "police", "survivor", now), consents.give(opened.case, "notify", "survivor", now)
            people.make_finding(opened.case, page="https://pictures.example/p/held")
            for officer, more in ((scene.officer, {}), (scene.stranger, {"ground": "statute", "statute": "§ 1"})):
                row = referring.refer(opened.case, order(officer, **more), f"lead:{scene.lead.pk}", now)
                room.decide(room.request(row, "hold", "3", "x", now), True, "", f"lead:{scene.lead.pk}", now)
            kept = room.request(row, "preserve", "60", "x", now)
            room.decide(kept, True, "", f"lead:{scene.lead.pk}", now)
        return opened

    def test_she_sees_until_when_and_why_as_far_as_it_may_be_said(self, held: Any, now: Any) -> None:
        page = people.entered(held.access_code).get("/case/").content.decode()
        assert page.count('data-fact="waits"') == 3 and "because the police asked for it" in page
        assert "Your caseworker can tell you more" in page, "what a statute brought is not said to be the police"
        assert "keep what we have of your case until 1 May 2026" in page and "§ 1" not in page
        page = people.entered(held.access_code).get(reverse("portal:erase")).content.decode()
        assert "Your word comes first" in page
        with clock.fixed(now + timedelta(days=61)):
            page = people.entered(held.access_code).get("/case/").content.decode()
            assert 'data-fact="waits"' not in page, "they end by themselves"

    def test_where_no_letter_goes_none_is_promised(self, scene: Any, held: Any, now: Any) -> None:
        client = people.entered(held.access_code)
        assert "Our letters wait" in client.get("/case/").content.decode()
        with tenancy.organisation(scene.organisation.pk):
            consents.withdraw(held.case, "notify", "survivor", now)
        assert "Our letters wait" not in client.get("/case/").content.decode()

    def test_a_worker_sees_it_on_the_case_and_on_every_decision(self, scene: Any, held: Any, lead: Any) -> None:
        page = lead.get(reverse("console:case", args=[held.case.pk])).content.decode()
        assert page.count('data-fact="on-hold"') == 2 and "asked for by the police" in page
        assert 'data-fact="preserved"' in page
        with tenancy.organisation(scene.organisation.pk):
            messages.write(held.case, from_survivor=True, author="survivor", text="hello?", now=clock.now())
        page = lead.get("/console/queue/").content.decode()
        assert 'data-fact="held"' in page and "no notice leaves" in page

    def test_a_lead_erases_only_on_her_own_word(self, scene: Any, held: Any, lead: Any) -> None:
        url = reverse("console:case-erase", args=[held.case.pk])
        assert 'data-fact="kept"' in lead.get(url).content.decode()
        bad = lead.post(url, {"reference": held.case.reference})
        assert bad.status_code == 422 and b"Only her own word comes first" in bad.content
        assert lead.post(url, {"reference": held.case.reference, "hers": "on"}).status_code == 302
        with tenancy.organisation(scene.organisation.pk):
            assert AuditEntry.objects.filter(action="case.erased_by_her_word").count() == 1

    def test_a_closed_case_says_when_it_goes_and_is_opened_again(self, scene: Any, lead: Any, now: Any) -> None:
        address = reverse("console:case", args=[scene.other.pk])
        lead.post(reverse("console:case-pause", args=[scene.other.pk]), {"choice": "close"})
        page = lead.get(address).content.decode()
        assert 'data-fact="goes-on"' in page and "unless it is opened again before" in page
        lead.post(reverse("console:case-pause", args=[scene.other.pk]), {"choice": "resume"})
        assert 'data-fact="goes-on"' not in lead.get(address).content.decode()
