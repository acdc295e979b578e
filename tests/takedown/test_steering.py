"""A person changes a plan, and every later plan respects it; who must never hear of it is never written to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from efface.cases import avoiding, knowing
from efface.engine.base import clock
from efface.search.models import Finding
from efface.sites.models import Membership, Network, Site
from efface.takedown import facts, outcomes, planning, steering, verifying
from efface.takedown.channels import doing, guided, preparing
from efface.takedown.models import Check, KeptPlan, Notice, Outcome, PlanChange, Route, Step
from tests.takedown.conftest import (
    HOST,
    MEDIA_HOST,
    OPERATOR,
    REGISTRAR,
    SEARCH,
    Office,
    dossier,
    mail,
    observation,
)  # fmt: skip

pytestmark = pytest.mark.django_db


def again(office: Office) -> None:
    with clock.fixed(office.now):
        planning.request(Route.objects.first().finding)  # type: ignore[union-attr]
    office.work()


def test_left_out_stays_left_out_until_it_is_taken_back(office: Office) -> None:
    finding = office.finding()
    office.work()
    notice = office.notice("operator")
    with clock.fixed(office.now):
        said = steering.change(finding, "skip", OPERATOR.key, office.user, "she knows him", office.now)
    assert (office.route("operator").state, Notice.objects.get(pk=notice.pk).state) == ("dropped", "cancelled")
    again(office)
    assert office.route("operator").state == "dropped"
    kept = KeptPlan.objects.get(finding=finding).content
    assert any("she knows him" in one["why"] for one in kept["withheld"])
    with clock.fixed(office.now):
        steering.undo(finding, str(said.pk), office.user, office.now)
        with pytest.raises(steering.Unchangeable):
            steering.undo(finding, str(said.pk), office.user, office.now)
    again(office)
    office.hours(1)
    assert office.route("operator").state == "active"
    assert Notice.objects.get(pk=notice.pk).state == "draft", "the same notice, with the same reference"
    assert PlanChange.objects.count() == 2 and office.happened("plan.changed") == 2


def test_put_off_brought_forward_and_back(office: Office) -> None:
    finding = office.finding()
    office.work()
    before = office.route("registrar").starts_at
    until = office.now + timedelta(days=20)
    with clock.fixed(office.now):
        said = steering.change(finding, "postpone", REGISTRAR.key, office.user, "trial", office.now, until=until)
    again(office)
    assert office.route("registrar").starts_at == until
    with clock.fixed(office.now):
        steering.undo(finding, str(said.pk), office.user, office.now)
    again(office)
    assert office.route("registrar").starts_at == before
    with clock.fixed(office.now):
        steering.change(finding, "first", REGISTRAR.key, office.user, "it answers", office.now)
    again(office)
    route = office.route("registrar")
    assert route.position == 0 and route.starts_at <= office.now


@pytest.mark.parametrize(
    ("verb", "more", "why"),
    [("skip", {}, ""), ("postpone", {}, "w"), ("use", {"notice_type": "search_google"}, "w"), ("ask", {}, "w"),
     ("before", {"other": "nobody"}, "w"), ("explode", {}, "w")],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_leaves_nothing(office: Office, verb: str, more: Any, why: str) -> None:
    finding = office.finding()
    office.work()
    with pytest.raises(steering.Unchangeable), clock.fixed(office.now):
        steering.change(finding, verb, REGISTRAR.key, office.user, why, office.now, **more)
    assert not PlanChange.objects.exists()


def test_another_notice_takes_the_place_of_the_first(office: Office) -> None:
    finding = office.finding()
    office.work()
    host = Route.objects.get(party_key=HOST.key)
    other = next(one["notice_type"] for one in host.told["others"] if not one["needs"])
    with clock.fixed(office.now):
        steering.change(finding, "use", HOST.key, office.user, "they prefer it", office.now, notice_type=other)
    again(office)
    states = dict(Route.objects.filter(party_key=HOST.key).values_list("notice_type", "state"))
    assert states[host.notice_type] == "dropped" and states[other] in ("planned", "active")


def test_somebody_named_after_approval_is_not_written_to(office: Office) -> None:
    office.finding()
    office.work()
    office.approve()
    with clock.fixed(office.now):
        avoiding.add(office.case, "Pictures.example", "survivor", office.now)
    assert office.route("operator").state == "dropped"
    office.work()
    assert not [to for to, _step in office.mails() if to.endswith("pictures.example")]
    kept = KeptPlan.objects.get().content
    assert {one["rule"] for one in kept["withheld"] if one["role"] == "operator"} == {"S5_suspect"}


def test_the_courier_has_the_last_word_on_it(office: Office, monkeypatch: Any) -> None:
    """Even where nothing else noticed."""
    from efface.takedown import news

    office.finding()
    office.work()
    monkeypatch.setattr(news.planning, "request_all", lambda *_: None)
    monkeypatch.setattr(news.ladder, "close", lambda *_: None)
    with clock.fixed(office.now):
        avoiding.add(office.case, "dmca@pictures.example", "survivor", office.now)
    office.approve()
    office.work()
    notice = office.notice("operator")
    assert (notice.state, notice.state_why) == ("cancelled", "the recipient must never hear of it")
    assert not [to for to, _step in office.mails() if to == "dmca@pictures.example"]


def test_a_way_that_lacks_her_word_is_not_drafted_until_she_gives_it(office: Office) -> None:
    with clock.fixed(office.now):
        knowing.answer(office.case, "exposure_limit", "recipient_only", "survivor", office.now)
    office.finding()
    office.hours(60)
    host = Route.objects.get(party_key=HOST.key)
    assert host.state == "planned" and "goes farther than she allows" in host.state_why
    assert not Notice.objects.filter(route__role="host").exists()
    with clock.fixed(office.now):
        knowing.answer(office.case, "exposure_limit", "uploader_possible", "survivor", office.now)
    office.work()
    assert Notice.objects.filter(route__role="host").exists()


def test_sites_of_a_hostile_operator_are_all_out_of_reach(office: Office) -> None:
    """The sibling is only likely: it lends no contact, and none of its domain is written to."""
    finding = office.finding()
    network = Network.objects.create(name="two", created=office.now)
    other = Site.objects.create(domain="worse.example", start_url="http://worse.example/", added_at=office.now)
    for site in (finding.site, other):
        Membership.objects.create(site=site, network=network, same="", since=office.now)
        Site.objects.filter(pk=site.pk).update(network=network)
    Site.objects.filter(pk=finding.site_id).update(hostility="extortionate")
    own = replace(HOST, contacts=[mail("abuse@ns1.worse.example")])
    office.fetcher.answers["whereabouts"] = dossier(OPERATOR, own, MEDIA_HOST, REGISTRAR, SEARCH)
    office.work()
    assert not Route.objects.filter(party_key=HOST.key).exists()
    assert Route.objects.filter(party_key=MEDIA_HOST.key).exists()


@pytest.mark.parametrize("written", ["E-Mail:anna@x.org", "mail anna@x.org.", "<anna@X.org>; 0170 1", "a/anna@x.org,b"])
def test_her_address_is_known_however_it_stands_there(office: Office, written: str) -> None:
    office.case.safe_contact = written
    office.case.save()
    assert any(one.endswith("anna@x.org") for one in facts.hers(office.case))
    assert facts.hers(office.case) & {"anna@x.org", "a/anna@x.org"}


def test_a_plan_leaves_to_a_person_what_no_machine_may_do_once(office: Office) -> None:
    finding, other = office.finding(), office.finding(page="http://pictures.example/v/2")
    office.work()
    again(office)
    letter = Step.objects.get(notice_type="evidence_preservation_letter")
    assert letter.key.startswith("site:") and letter.finding in (finding, other), "one for the site, not one a page"
    urls = preparing.of_step(letter, office.now).urls
    assert {str(finding.page_url), str(other.page_url)} <= set(urls)
    assert not Step.objects.filter(notice_type="hash_bank_submission").exists(), "she has not said that she has it"
    with clock.fixed(office.now):
        for _ in range(2):
            doing.done(letter.pk, "caseworker:1", office.now, note="sent by post")
    again(office)
    letter.refresh_from_db()
    assert (letter.state, letter.note) == ("done", "sent by post") and office.happened("step.done") == 2
    assert Step.objects.filter(notice_type="evidence_preservation_letter").count() == 1


def test_a_step_the_plan_names_no_more_goes_unless_somebody_took_it(office: Office) -> None:
    finding = office.finding()
    office.work()
    taken = Step.objects.get(notice_type="evidence_preservation_letter")
    complaint = Step.objects.filter(finding=finding).exclude(pk=taken.pk).earliest("key")
    doing.done(taken.pk, "caseworker:1", office.now)
    guided.walk(finding, (), office.now)
    complaint.refresh_from_db()
    taken.refresh_from_db()
    assert (complaint.state, taken.state) == ("dropped", "done")
    again(office)
    complaint.refresh_from_db()
    assert complaint.state == "todo"


def test_what_they_answered_comes_back_into_the_plan(office: Office) -> None:
    finding = office.finding()
    office.work()
    office.approve()
    office.work()
    step = Step.objects.get(notice_type="evidence_preservation_letter")
    doing.done(step.pk, "caseworker:1", office.now)
    waiting = Route.objects.filter(finding=finding, state="planned", starts_at__gt=office.now).exclude(role="search")
    first = waiting.order_by("starts_at", "position").first()
    assert first is not None and facts.asked(finding, office.now) == "no"
    with clock.fixed(office.now):
        for _ in range(2):
            doing.answered(step.pk, "caseworker:1", "We keep nothing for you.", office.now, kind="refused")
    assert [one.removed for one in Outcome.objects.filter(notice_type="evidence_preservation_letter")] == [False]
    first.refresh_from_db()
    assert first.starts_at <= office.now, "whoever comes next is asked now"
    assert facts.asked(finding, office.now) == "yes", "what waited for that may be planned"


def test_they_say_it_is_removed_and_it_is_looked_at(office: Office) -> None:
    office.finding()
    office.work()
    step = Step.objects.get(notice_type="evidence_preservation_letter")
    doing.done(step.pk, "caseworker:1", office.now)
    with clock.fixed(office.now):
        doing.answered(step.pk, "caseworker:1", "It is gone.", office.now, kind="removed")
    assert Finding.objects.get().state != "gone-confirmed", "what they say is not taken for a removal"
    office.work()
    assert office.happened("step.answered") == 1 and Check.objects.exists(), "and it is looked at"


def test_a_removal_counts_for_whoever_was_asked_by_hand(office: Office) -> None:
    finding = office.finding()
    office.work()
    took, refused = list(Step.objects.filter(finding=finding).order_by("key")[:2])
    for one in (took, refused):
        doing.done(one.pk, "caseworker:1", office.now)
    with clock.fixed(office.now):
        doing.answered(refused.pk, "caseworker:1", "No.", office.now, kind="refused")
    outcomes.removed(finding, office.now + timedelta(hours=10))
    assert {(one.notice_type, one.removed, one.hours) for one in Outcome.objects.all()} == {
        (took.notice_type, True, 10.0), (refused.notice_type, False, None)
    }  # fmt: skip


def test_after_a_removal_engines_are_told_unless_a_check_saw_that_they_list_it_no_more(office: Office) -> None:
    finding = office.finding()
    office.work()
    for place in ("https://www.google.com/search?q=a", "https://www.bing.com/search?q=a"):
        verifying.note_listing(finding, place, "caseworker:1", office.now)

    def seen(request: Any) -> Any:
        made = observation(404, 404, request=request)
        listed = [one.role == "search" and "google" in one.facts.url for one in made.media]
        media = [
            replace(one, matches=there, facts=replace(one.facts, status=200 if there else 404))
            for one, there in zip(made.media, listed, strict=True)
        ]
        return replace(made, media=media)

    office.fetcher.answers["observe"] = seen
    office.hours(24)
    finding.refresh_from_db()
    assert finding.state == "delisting-pending"
    made = Step.objects.filter(key__startswith="outdated:")
    assert [one.notice_type for one in made] == ["search_google"], "Bing was seen not to list it"


def test_planning_asks_as_much_with_many_findings_as_with_one(office: Office) -> None:
    """Questions to the database for one plan, with few and with many findings in the case."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked, clock.fixed(office.now):
            planning.advance(organisation=office.case.organisation_id, finding=first.pk)
        return len(asked)

    first = office.finding()
    office.work()
    few = cost()
    for number in range(2, 14):
        office.finding(page=f"http://pictures.example/v/{number}",
                       media=(f"http://img.pictures.example/{number}.jpg",), thumbs=())  # fmt: skip
    office.work()
    office.approve()
    assert cost() <= few + 12, "no more for the others"


def test_silence_brings_the_next_forward_but_not_what_a_person_put_off(office: Office) -> None:
    finding = office.finding()
    office.work()
    until = office.now + timedelta(days=20)
    with clock.fixed(office.now):
        steering.change(finding, "postpone", HOST.key, office.user, "trial", office.now, until=until)
        following = planning.ladder.ask_next(finding, office.now)
    assert following is not None and following.party_key != HOST.key
    assert Route.objects.get(party_key=HOST.key).starts_at == until


def test_a_reason_stands_nowhere_in_the_clear(office: Office) -> None:
    from django.db import connection

    finding = office.finding()
    office.work()
    with clock.fixed(office.now):
        steering.change(finding, "skip", OPERATOR.key, office.user, "quietlake knows him", office.now)
        steering.change(finding, "first", HOST.key, office.user, "quietlake asked", office.now)
    again(office)
    with connection.cursor() as cursor:
        for table in ("takedown_route", "takedown_planchange", "takedown_keptplan", "cases_caseevent"):
            cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")
            assert not [row for (row,) in cursor.fetchall() if "quietlake" in row], table


def test_a_desk_of_a_hostile_operator_is_stopped_at_the_last_word(office: Office) -> None:
    """A host under the operator's own domain, found hostile after the approval."""
    finding = office.finding()
    own = replace(HOST, contacts=[mail("abuse@ns1.pictures.example")])
    office.fetcher.answers["whereabouts"] = dossier(OPERATOR, own, MEDIA_HOST, REGISTRAR, SEARCH)
    office.hours(50)
    notice = Notice.objects.get(route__party_key=HOST.key)
    Site.objects.filter(pk=finding.site_id).update(hostility="doxxes")
    notice.finding.site.refresh_from_db()
    assert facts.hostile_desk(notice)
    office.approve(route__role="host")
    office.work()
    assert not [to for to, _step in office.mails() if to.endswith("pictures.example")]
