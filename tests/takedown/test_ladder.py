"""Time passes: reminders, the next party, clocks of the law, partial removals, removal, return."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from efface.cases import events
from efface.engine.base import clock
from efface.engine.base.models import Deadline
from efface.evidence.models import Capture
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import Baseline, from_wire
from efface.search import urls
from efface.search.models import Asset, Finding, Frontier, Match
from efface.takedown import export, planning, timing, verifying
from efface.takedown.models import Check, Notice, Outcome, Route
from tests.casework import FULL, PAGE, PDQ, THUMB
from tests.conftest import NOON
from tests.takedown.conftest import HOST, MEDIA_HOST, OPERATOR, Office, dossier, observation, page_looks

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sees(office: Office, **what: Any) -> None:
    office.fetcher.answers["observe"] = lambda request: observation(request=request, **what)


def started(office: Office) -> Finding:
    """Captured, planned, operator's notice sent at noon."""
    finding = office.finding()
    office.work()
    office.approve()
    office.work()
    return finding


def state(finding: Finding) -> str:
    finding.refresh_from_db()
    return finding.state


def test_a_silent_operator_is_reminded_once_then_given_up(office: Office) -> None:
    started(office)
    office.hours(24 * 9)
    steps = [(to, step) for to, step in office.mails() if to == "dmca@pictures.example"]
    assert steps == [("dmca@pictures.example", "1"), ("dmca@pictures.example", "2")]
    first, second = office.notice("operator", 1), office.notice("operator", 2)
    assert second.sent_at is not None and first.sent_at is not None
    assert timedelta(hours=48) <= second.sent_at - first.sent_at <= timedelta(hours=54)
    original, reminder = office.desk.messages()[:2]
    assert str(reminder["Subject"]).startswith("Reminder: ") and reminder["In-Reply-To"] == original["Message-ID"]
    assert office.route("operator").state == "dead"
    assert Outcome.objects.get(role="operator").removed is False


def test_the_host_is_asked_after_two_days_and_needs_its_own_approval(office: Office) -> None:
    started(office)
    office.hours(47)
    assert not Notice.objects.filter(route__role="host").exists()
    office.hours(7)
    assert set(Notice.objects.filter(route__role="host").values_list("contact", "state")) == {
        ("abuse@host.example", "draft"), ("abuse@imagehost.example", "draft"),
    }  # fmt: skip
    text = {one.contact: one.urls for one in Notice.objects.filter(route__role="host")}
    assert text == {"abuse@host.example": [PAGE], "abuse@imagehost.example": [PAGE, FULL, THUMB]}
    german = Notice.objects.get(contact="abuse@host.example")
    assert german.language == "de" and german.notice_type == "eu_dsa_art16"


def test_the_clock_of_the_law_is_exact_and_brings_the_next_party(office: Office) -> None:
    started(office)
    timing.note(office.notice("operator"), "receipt", NOON, "delivery-report", NOON)
    due = Deadline.objects.get(kind="notice.clock")
    assert due.due == NOON + timedelta(hours=48) and due.statutory
    office.until(NOON + timedelta(hours=48))
    assert office.happened("notice.overdue") == 1


def test_gone_only_after_three_days_and_then_watched(office: Office) -> None:
    finding = started(office)
    sees(office, page=404, media=404)
    office.hours(25)
    assert state(finding) == "gone-provisional"
    office.hours(24 * 4)
    assert state(finding) == "gone-confirmed" and finding.gone_at is not None
    assert office.happened("finding.gone") == 1
    assert set(Route.objects.values_list("state", flat=True)) == {"done"}
    assert Outcome.objects.filter(role="operator", removed=True).count() == 1
    assert not Deadline.objects.filter(kind__in=["notice.chaser", "notice.clock", "route.start"], state="waiting")
    checks = list(Check.objects.filter(state="gone-confirmed").order_by("at").values_list("at", flat=True))
    office.hours(24 * 40)
    later = list(Check.objects.filter(state="gone-confirmed").order_by("at").values_list("at", flat=True))
    days = [round((at - checks[0]) / DAY) for at in later]
    assert days == [0, 7, 14, 30]
    assert len(office.mails()) == 1


def test_nothing_is_sent_while_it_may_be_gone(office: Office) -> None:
    started(office)
    sees(office, page=404, media=404)
    office.until(NOON + timedelta(hours=72))
    assert office.mails() == [("dmca@pictures.example", "1")]
    assert not Notice.objects.filter(route__role="host").exists()


def test_never_gone_without_another_page_of_the_site(office: Office) -> None:
    finding = started(office)
    sees(office, page=404, media=404, control=False)
    office.hours(24 * 10)
    assert state(finding) == "live" and office.happened("finding.gone") == 0
    assert Check.objects.filter(state="unknown").count() >= 5


def test_what_is_left_is_asked_for_at_once_where_it_stands(office: Office) -> None:
    """The operator took the page down; the picture's own host still serves it."""
    finding = started(office)
    sees(office, page=404, media=200)
    office.until(NOON + timedelta(hours=30))
    assert state(finding) == "partial"
    drafts = Notice.objects.filter(route__role="host")
    assert [(one.contact, one.urls) for one in drafts] == [("abuse@imagehost.example", [FULL, THUMB])]
    assert Route.objects.get(party_key=HOST.key).state == "dropped"


def test_a_return_is_a_new_episode_straight_to_the_host(office: Office) -> None:
    finding = started(office)
    sees(office, page=404, media=404)
    office.hours(24 * 6)
    assert state(finding) == "gone-confirmed"
    sees(office)
    office.hours(24 * 8)
    finding.refresh_from_db()
    assert (finding.episode, finding.state) == (2, "live") and finding.gone_at is None
    assert office.happened("finding.reappeared") == 1
    assert sorted(Capture.objects.values_list("episode", flat=True)) == [1, 2]
    routes = Route.objects.filter(episode=2)
    assert "operator" not in {route.role for route in routes}
    notice = Notice.objects.get(route__episode=2, contact="abuse@host.example")
    assert notice.state == "draft" and "2026-03" in notice.text
    exported = export.export(office.case.organisation)["findings"][0]
    assert len(exported["reappeared_at"]) == 1 and exported["gone_confirmed_at"]


def test_a_return_met_by_the_crawl_is_the_same_return(office: Office) -> None:
    finding = started(office)
    sees(office, page=404, media=404)
    office.hours(24 * 6)
    for _ in range(2):
        events.record(office.case, "finding.reappeared", "engine", subject=finding.pk, now=office.now)
    finding.refresh_from_db()
    assert (finding.episode, finding.state) == (2, "reappeared")


def test_back_to_the_host_inside_an_approval_that_stands(office: Office) -> None:
    finding = started(office)
    office.hours(54)
    office.approve()
    office.work()
    sees(office, page=404, media=404)
    office.hours(24 * 6)
    assert state(finding) == "gone-confirmed"
    before = len(office.mails())
    sees(office)
    office.hours(24 * 8)
    assert [to for to, _ in office.mails()[before:]][:2] == ["abuse@host.example", "abuse@imagehost.example"]


def test_moved_adds_the_new_address_and_plans_there(office: Office) -> None:
    finding = started(office)
    there = "http://pictures.example/new/1044"

    def seen(request: Any) -> Any:
        made = observation(request=request, media=404)
        look = page_looks()["bot"]
        moved = type(look)(type(look.facts)(url=PAGE, final_url=there, status=200), serves_target=True)
        return type(made)(pages={"bot": moved, "browser": moved}, control=made.control, media=made.media)

    office.fetcher.answers["observe"] = seen
    office.hours(30)
    assert state(finding) == "moved"
    assert sorted(str(one.url) for one in Asset.objects.filter(role="page")) == sorted([PAGE, there])
    asked = [request.url for op, request in office.fetcher.asked if op == "whereabouts"]
    assert asked[-1] == there
    assert Check.objects.count() < 8


def test_a_fetcher_that_is_away_is_waited_for(office: Office) -> None:
    finding = started(office)
    office.fetcher.answers["observe"] = FetcherUnavailable("down")
    office.fetcher.answers["whereabouts"] = FetcherUnavailable("down")
    count = Check.objects.count()
    office.hours(30)
    assert Check.objects.count() == count and state(finding) == "live"
    office.fetcher.answers["whereabouts"] = dossier()
    sees(office)
    office.hours(30)
    assert Check.objects.count() > count and Notice.objects.filter(route__role="host").count() == 2


def test_a_refused_look_says_nothing(office: Office) -> None:
    finding = started(office)
    office.fetcher.answers["observe"] = FetcherRefused("refused")
    office.hours(48)
    assert state(finding) == "live" and Check.objects.filter(state="unknown").exists()


def test_checks_run_twice_at_once_are_one(office: Office) -> None:
    finding = started(office)
    count = Check.objects.count()
    with clock.fixed(office.now + HOUR):
        for _ in range(3):
            verifying.check(organisation=finding.organisation_id, finding=finding.pk)
    assert Check.objects.count() == count + 1


def test_the_control_is_another_page_without_a_finding(office: Office) -> None:
    finding = office.finding()
    for number, (url, status, wall) in enumerate([
        (PAGE, 200, ""), ("http://pictures.example/v/2", 404, ""), ("http://pictures.example/v/3", 200, "login"),
        ("http://pictures.example/v/4", 200, ""),
    ]):  # fmt: skip
        Frontier.objects.create(site=finding.site, digest=urls.digest(url), url=url, found_at=NOON, due_at=NOON,
                                visited_at=NOON - number * HOUR, status=status, wall=wall)  # fmt: skip
    own = {bytes(one.url_digest) for one in Asset.objects.all()}
    assert verifying.control(finding, own) == "http://pictures.example/v/4"
    Frontier.objects.all().delete()
    assert verifying.control(finding, own) == "http://pictures.example/"


def test_the_first_sight_becomes_the_baseline(office: Office) -> None:
    finding = office.finding()
    office.work()
    finding.refresh_from_db()
    kept: Any = finding.baseline
    assert from_wire(Baseline, kept).media_urls == [FULL]
    [request] = [request for op, request in office.fetcher.asked if op == "observe"][:1]
    assert request.pdq == [PDQ] and {one.role for one in request.assets} == {"page", "media", "thumbnail"}


def test_disagreement_is_a_persons_to_settle(office: Office) -> None:
    finding = started(office)

    def split(request: Any) -> Any:
        made = observation(request=request, media=404)
        pages = {"bot": page_looks(404, False)["bot"], "browser": page_looks(200, False)["bot"]}
        return type(made)(pages=pages, control=made.control, media=made.media)

    office.fetcher.answers["observe"] = split
    office.hours(30)
    assert state(finding) == "conflict"
    verifying.settle(finding, "live", "caseworker:1", "I looked", office.now)
    assert state(finding) == "live"
    with pytest.raises(verifying.NotInConflict):
        verifying.settle(finding, "again", "caseworker:1", "", office.now)


def test_under_eighteen_after_all_stops_everything(office: Office) -> None:
    finding = office.finding()
    office.work()
    office.approve()
    Finding.objects.filter(pk=finding.pk).update(age="minor", stopped="under 18")
    events.record(office.case, "finding.stopped", "survivor", subject=finding.pk, now=NOON)
    office.hours(100)
    assert office.mails() == [] and set(Route.objects.values_list("state", flat=True)) == {"dropped"}
    assert not Deadline.objects.filter(subject=finding.pk, state="waiting")


def test_danger_stops_the_plan_and_names_who_helps(office: Office) -> None:
    type(office.case).objects.filter(pk=office.case.pk).update(danger=True)
    finding = office.finding()
    office.work()
    finding.refresh_from_db()
    assert finding.stopped == "S0_danger" and Notice.objects.count() == 0
    event = office.case.caseevents.get(kind="finding.stopped")
    assert event.data["desks"]


def test_nobody_left_to_ask_is_said(office: Office) -> None:
    office.fetcher.answers["whereabouts"] = dossier(OPERATOR)
    started(office)
    office.hours(24 * 8)
    assert office.happened("finding.exhausted") == 1


def test_a_network_names_the_host_and_a_person_allows_writing_there(office: Office) -> None:
    from efface.takedown import ladder
    from efface.whereabouts.model import Party
    from tests.takedown.conftest import mail

    cdn = Party("cdn", "cdn:edge", "Edge", covers=["pictures.example"], contacts=[mail("abuse@edge.example")])
    office.fetcher.answers["whereabouts"] = dossier(OPERATOR, cdn, behind="Edge")
    finding = started(office)
    planning.name_host(finding, "abuse@hidden-host.example", "cdn:edge", office.now)
    planning.request(finding)
    office.hours(54)
    notice = Notice.objects.get(contact="abuse@hidden-host.example")
    assert notice.state == "draft" and notice.route.role == "host" and "named by" in notice.route.why
    assert ladder.patience("host") == timedelta(hours=72)


def test_the_export_has_what_the_score_reads(office: Office) -> None:
    started(office)
    Match.objects.update(kind="pdq")
    made = export.export(office.case.organisation)
    [candidate], [finding] = made["candidates"], made["findings"]
    assert candidate == {"page_url": PAGE, "media_url": FULL, "case": "Subject A", "state": "confirmed", "kind": "pdq",
                         "strong": True}  # fmt: skip
    assert finding["media_urls"] == [FULL, THUMB] and finding["case"] == "Subject A" and finding["state"] == "live"
    [sent] = [one for one in made["notices"] if one["sent_at"]]
    assert sent["to"] == "dmca@pictures.example" and sent["urls"] == [PAGE, FULL, THUMB] and sent["step"] == 1
    assert sent["message_id"] == office.desk.messages()[0]["Message-ID"]
    assert made["deadlines"] == {"missed": 0, "kinds": {}}


def test_a_missed_deadline_is_counted(office: Office) -> None:
    started(office)
    timing.note(office.notice("operator"), "receipt", NOON, "delivery-report", NOON)
    with clock.fixed(NOON + timedelta(hours=60)):
        missed = export.export(office.case.organisation)["deadlines"]
    assert missed["kinds"]["notice.clock"] == 1 and missed["missed"] >= 3


def test_media_hosts_are_not_told_of_what_they_do_not_hold(office: Office) -> None:
    finding = started(office)
    Asset.objects.filter(finding=finding).exclude(role="page").delete()
    office.hours(54)
    assert Route.objects.get(party_key=MEDIA_HOST.key).state == "done"


def test_a_page_that_moved_is_watched_where_it_stands_now(office: Office) -> None:
    """The old address may die behind it: that is not the end of the page."""
    finding = started(office)
    there, shown = "http://pictures.example/new/1044", "http://img.pictures.example/new/1044.jpg"

    def seen(request: Any) -> Any:
        made = observation(request=request, media=404)
        target = next(one.url for one in request.assets if one.role == "page")
        if target == PAGE and any(one.url == there for one in request.assets):
            return observation(404, 404, request=request)
        look = page_looks(url=there)["bot"]
        facts = type(look.facts)(url=target, final_url=there, status=200)
        look = type(look)(facts, media_urls=[shown], serves_target=True, target_media=[shown])
        return type(made)(pages={"bot": look, "browser": look}, control=made.control, media=made.media)

    office.fetcher.answers["observe"] = seen
    office.hours(24 * 8)
    assert state(finding) == "live" and office.happened("finding.gone") == 0
    assert Asset.objects.filter(finding=finding, role="media", url_digest=urls.digest(shown)).exists()
    asked = [request.url for op, request in office.fetcher.asked if op == "whereabouts"]
    assert asked[-1] == there


def test_a_step_whose_job_failed_is_asked_for_again(office: Office) -> None:
    finding = started(office)
    waiting = Deadline.objects.filter(kind="finding.plan", subject=finding.pk, state="waiting")
    assert not waiting.exists()
    office.fetcher.answers["whereabouts"] = ArithmeticError("a fault of ours")
    with clock.fixed(office.now):
        planning.request(finding)
    with pytest.raises(ArithmeticError):
        office.work()
    assert waiting.get().due == NOON + DAY
    office.fetcher.answers["whereabouts"] = dossier()
    office.until(NOON + DAY)
    assert not waiting.exists()
    assert [at for op, at in office.fetcher.asked if op == "whereabouts"][2:]
