"""Steps walked by a person: planned once, done once, counted as the law counts, never where nobody may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from efface.cases import consents, holds
from efface.cases.models import Case, Purpose
from efface.engine.base import deadlines, tenancy
from efface.engine.base.models import Deadline
from efface.search.models import Finding
from efface.takedown import plan
from efface.takedown.channels import doing, guided, preparing, registry, steps, todo
from efface.takedown.channels.form import desks
from efface.takedown.channels.hash_list import offering
from efface.takedown.channels.models import Step
from efface.takedown.channels.steps import StepRefused
from tests.casework import make_case, make_finding
from tests.conftest import NOON, make_organisation, role
from tests.people import make_notice

pytestmark = pytest.mark.django_db
WHO = "caseworker:1"


@dataclass(frozen=True)
class Way:
    """As the planner hands one over, with the further fields it may have."""

    role: str
    notice_type: str
    party_key: str = "desk:x"
    name: str = "Example Desk"
    contact: str = ""
    channel: str = "form"
    why: tuple[str, ...] = ("the host did not act",)
    starts: datetime = NOON
    exposure: str = "recipient_only"
    desk: str = ""
    hand: str = ""
    via: str = ""


FTC = Way("regulator", "us_ftc_complaint", desk="ftc_tida")
POLICE = Way("police", "police_report", via="in_person")
PAYS = Way("payment", "payment_network", party_key="payment:visa")


@pytest.fixture
def case(inside: Any) -> Case:
    return make_case(inside)


@pytest.fixture
def finding(case: Case) -> Finding:
    return make_finding(case)


def test_planning_twice_is_one_step_and_keeps_up_to_date(finding: Finding) -> None:
    first = steps.ensure(finding, PAYS, NOON)
    moved = Way("payment", "payment_network", party_key="payment:visa", contact="https://new.example/form")
    assert steps.ensure(finding, moved, NOON) == first
    assert Step.objects.get().contact == "https://new.example/form"
    assert (first.channel, first.purpose, first.made_by) == ("payment", Purpose.NOTIFY, "engine")
    assert finding.case.caseevents.filter(kind="step.planned").count() == 1


def test_the_planners_own_routes_are_ways(finding: Finding) -> None:
    route = plan.PlannedRoute(
        "search:bing", "search", "Bing", "form", "https://www.microsoft.com/en-us/concern/revengeporn", (),
        "search_bing", ("what is not found hurts less",), ("S4_consent",), None, "", "recipient_only", 1,
        timedelta(0), NOON, (), True,
    )  # fmt: skip
    step = steps.ensure(finding, route, NOON)
    assert (step.channel, step.hand) == ("search", "worker")
    made = preparing.prepared(step, NOON)
    assert made.opens == route.contact and made.copies, "a desk of the playbook is opened, with what to copy"


def test_what_a_person_did_is_not_planned_anew_and_not_settled_away(finding: Finding) -> None:
    done = steps.ensure(finding, FTC, NOON)
    waits = steps.ensure(finding, PAYS, NOON)
    doing.done(done.pk, WHO, NOON, reference="N-1")
    assert steps.settle(finding, (), NOON) == 1
    assert steps.ensure(finding, FTC, NOON).state == "done"
    waits.refresh_from_db()
    assert waits.state == "dropped"
    assert steps.ensure(finding, PAYS, NOON).state == "todo", "planned again, it is there again"
    doing.not_wanted(waits.pk, WHO, "she does not want it", NOON)
    assert steps.ensure(finding, PAYS, NOON).state == "dropped", "a person's word stands"


def test_the_police_are_one_step_of_the_case_and_only_with_her_consent(case: Case, finding: Finding) -> None:
    other = make_finding(case, page="http://pictures.example/v/9")
    step = steps.ensure(finding, POLICE, NOON)
    assert steps.ensure(other, POLICE, NOON) == step and step.finding is None
    with pytest.raises(StepRefused, match="no consent"):
        doing.done(step.pk, WHO, NOON)
    assert "consent" in todo.to_do(NOON)[0].stops
    consents.give(case, Purpose.POLICE, "survivor", NOON)
    assert todo.to_do(NOON)[0].stops == ""
    assert doing.done(step.pk, WHO, NOON, reference="file 7").state == "done"


def test_a_hold_stops_hands_too(case: Case, finding: Finding) -> None:
    step = steps.ensure(finding, FTC, NOON)
    holds.place(case, reason="police asked", owner="station 4", ends=NOON + timedelta(days=1), actor=WHO, now=NOON)
    with pytest.raises(StepRefused, match="hold"):
        doing.done(step.pk, WHO, NOON + timedelta(hours=1))
    assert doing.done(step.pk, WHO, NOON + timedelta(days=2)).state == "done"


@pytest.mark.parametrize("age", ["minor", "unknown"])
def test_for_a_minor_only_what_is_made_for_minors_is_open(inside: Any, age: str) -> None:
    case = make_case(inside, age=age)
    finding = make_finding(case, age=age)
    hotline = steps.ensure(finding, Way("hotline", "csam_hotline_report", desk="iwf"), NOON)
    pays = steps.ensure(finding, PAYS, NOON)
    assert steps.may_do(hotline, NOON) and not steps.may_do(pays, NOON)
    made = preparing.prepared(hotline, NOON)
    assert [one.field for one in made.copies] == ["urls"], "addresses and nothing else"
    with pytest.raises(StepRefused):
        doing.done(pays.pk, WHO, NOON)


def test_the_laws_clock_runs_from_what_was_recorded(case: Case, finding: Finding) -> None:
    """A letter under the GDPR: a month from its receipt, so nothing runs before it arrived."""
    way = Way("operator", "gdpr_erasure", contact="1 Example Road\nExample Town", channel="post", via="post")
    step = steps.ensure(finding, way, NOON)
    assert step.channel == "post"
    posted = doing.done(step.pk, WHO, NOON, reference="RR 1")
    assert posted.clock_due is None
    with pytest.raises(StepRefused, match="before it was sent"):
        doing.delivered(step.pk, WHO, NOON - timedelta(days=1), NOON)
    later = NOON + timedelta(days=3)
    arrived = doing.delivered(step.pk, WHO, later, later)
    assert arrived.clock_due is not None and timedelta(days=27) < arrived.clock_due - later < timedelta(days=34)
    assert Deadline.objects.get(kind="byhand.clock").statutory
    with role("efface_engine"):
        while deadlines.fire(arrived.clock_due + timedelta(minutes=1)):
            pass
    assert case.caseevents.filter(kind="step.overdue").count() == 1
    answered = doing.answered(step.pk, WHO, "We removed it.", later)
    assert answered.clock_due is None


def test_taken_back_the_clock_stops_and_what_was_noted_stays(finding: Finding) -> None:
    step = steps.ensure(finding, Way("operator", "us_tida", contact="https://pictures.example/report"), NOON)
    doing.done(step.pk, WHO, NOON, reference="T-9")
    assert Deadline.objects.filter(kind="byhand.clock", state="waiting").exists()
    row = doing.undone(step.pk, WHO, NOON)
    assert (row.state, row.clock_due, row.done_at, row.reference) == ("todo", None, None, "T-9")
    assert not Deadline.objects.filter(kind="byhand.clock", state="waiting").exists()


def test_a_hostile_operators_form_is_never_opened(finding: Finding) -> None:
    step = steps.ensure(finding, Way("host", "eu_dsa_art16", contact="https://host.example/abuse"), NOON)
    made = preparing.prepared(step, NOON)
    assert made.opens == "" and made.shown == "https://host.example/abuse"


@pytest.mark.parametrize(("address", "known"), [
    ("https://support.google.com/websearch/answer/6302812", True),
    ("https://support.google.com/websearch/answer/6302812/", True),
    ("https://support.google.com/websearch/answer/63028121", False),
    ("https://support.google.com.evil.example/websearch/answer/6302812", False),
    ("http://support.google.com/websearch/answer/6302812", False),
    ("https://support.google.com/websearch/answer/6302812?next=https://x.example", False),
    ("", False),
])  # fmt: skip
def test_only_the_very_address_of_a_desk_is_one(address: str, known: bool) -> None:
    assert desks.known(address) is known


def test_tomorrow_cannot_be_noted_today(finding: Finding) -> None:
    step = steps.ensure(finding, FTC, NOON)
    with pytest.raises(StepRefused, match="not come yet"):
        doing.done(step.pk, WHO, NOON, when=NOON + timedelta(days=1))
    with pytest.raises(StepRefused, match="longer ago"):
        doing.done(step.pk, WHO, NOON, when=NOON - timedelta(days=4_000))


def test_order_is_danger_then_time_with_forms_among_the_steps(case: Case, finding: Finding) -> None:
    steps.ensure(finding, FTC, NOON)
    steps.ensure(finding, Way("payment", "payment_network", starts=NOON - timedelta(hours=5)), NOON)
    form = make_notice(finding, state="prepared", channel="form", at=NOON - timedelta(hours=2))
    rows = todo.to_do(NOON)
    assert [row.kind for row in rows] == ["step", "form", "step"] and rows[1].id == form.pk
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert [row.id for row in todo.to_do(NOON, skip=1, limit=1)] == [form.pk], "pages go on where the last ended"


def test_after_a_removal_the_engines_that_were_asked_are_asked_to_look_again(case: Case, finding: Finding) -> None:
    steps.ensure(finding, PAYS, NOON)
    asked = steps.ensure(finding, Way("search", "search_google", desk="google_search"), NOON)
    doing.done(asked.pk, WHO, NOON)
    Finding.objects.filter(pk=finding.pk).update(state="gone-confirmed")
    from efface.cases import events

    for _ in range(2):
        events.record(case, "finding.gone", "engine", subject=finding.pk, now=NOON)
    assert sorted(Step.objects.values_list("channel", "state")) == [
        ("payment", "dropped"), ("search", "done"), ("search", "todo"),
    ]  # fmt: skip
    follow = Step.objects.get(channel="search", state="todo")
    said = " ".join(str(one) for one in preparing.prepared(follow, NOON).steps)
    assert "pages that are gone" in said and "delisting pending" in said
    events.record(case, "finding.reappeared", "engine", subject=finding.pk, now=NOON)
    follow.refresh_from_db()
    assert follow.state == "dropped", "what stands again is not called outdated"


def test_closing_the_case_takes_its_steps_away(case: Case, finding: Finding) -> None:
    steps.ensure(finding, FTC, NOON)
    consents.close(case, WHO, NOON)
    assert Step.objects.get().state == "dropped" and todo.to_do(NOON) == []


def test_a_step_added_by_hand_is_as_bound_as_a_planned_one(case: Case, finding: Finding) -> None:
    step = steps.add(case, "regulator", NOON, by=WHO, notice_type="us_ftc_complaint", role="regulator",
                     desk="ftc_tida", finding=finding)  # fmt: skip
    assert step.party_name.startswith("Federal Trade") and step.contact == "https://takeitdown.ftc.gov"
    links = {"platform": "tos_report", "regulator": "regulator_image_report", "isp": "generic_host_abuse"}
    for asked, kind in links.items():
        link = steps.add(case, "link_blocking", NOON, by=WHO, notice_type=kind, role=asked, name="A", finding=finding)
        assert "never counted as removed" in " ".join(map(str, preparing.prepared(link, NOON).notes))
    for channel, kind, asked in (("email", "us_tida", "site_operator"), ("police", "us_ftc_complaint", "regulator")):
        with pytest.raises(StepRefused):
            steps.add(case, channel, NOON, by=WHO, notice_type=kind, role=asked)
    with pytest.raises(StepRefused, match="no consent"):
        steps.add(case, "police", NOON, by=WHO, notice_type="police_report", role="police")


def test_nobody_else_sees_them(case: Case, finding: Finding, inside: Any) -> None:
    steps.ensure(finding, FTC, NOON)
    other = make_organisation("Other desk")
    with tenancy.organisation(other.pk):
        assert not Step.objects.exists()


def test_every_state_of_a_step_has_words() -> None:
    for one in registry.all_channels().values():
        if one.hands != ("machine",):
            assert set(Step.State.values) <= set(one.states)


@dataclass(frozen=True)
class Planned:
    """A step as a plan words it."""

    notice_type: str
    role: str
    desks: tuple[str, ...] = ()
    name: str = "A step"
    why: tuple[str, ...] = ()
    needs: tuple[Any, ...] = ()
    waits: str = ""
    key: str = ""
    scope: str = "pictures.example"
    confirm: tuple[str, ...] = ()


def test_a_step_of_a_plan_becomes_one_to_walk(case: Case, finding: Finding) -> None:
    line = "Federal Trade Commission, TAKE IT DOWN Act: https://takeitdown.ftc.gov"
    ftc = Planned("us_ftc_complaint", "regulator", (line,))
    step = guided.take(case, ftc, NOON, finding)
    assert step is not None and guided.take(case, ftc, NOON, finding) == step
    assert (step.desk, step.channel, step.contact) == ("ftc_tida", "regulator", "https://takeitdown.ftc.gov")
    assert guided.take(case, ftc, NOON) is None, "about a page, and no page is named"
    police = guided.take(case, Planned("police_report", "police", ("local police: 101",)), NOON)
    assert police is not None and (police.party_name, police.contact, police.finding) == ("local police", "101", None)
    kit = guided.take(case, Planned("hash_bank_submission", "hash_bank", ("StopNCII.org: https://stopncii.org",)), NOON)
    assert kit is not None and kit == offering.says(case, "stopncii", "done", "survivor", NOON), "one and the same"
    lacking = SimpleNamespace(kind="fact")
    for later in (
        Planned("us_ftc_complaint", "regulator", (line,), waits="the platform is asked first"),
        Planned("payment_network", "payment", needs=(lacking,)),
    ):  # fmt: skip
        assert guided.take(case, later, NOON, finding) is None
