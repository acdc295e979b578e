"""What is done by hand, on screen: lists, one step with what to copy, saying what came of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from efface.cases import consents, holds
from efface.engine.base import tenancy
from efface.takedown.channels import steps
from efface.takedown.channels.models import FormWord, Step
from tests import people
from tests.chromium import ORIGIN, chromium
from tests.console.test_browser import SIZES, look
from tests.takedown.channels.test_steps import FTC, PAYS, POLICE, Way

pytestmark = pytest.mark.django_db
GOOGLE = Way(
    "search", "search_google", party_key="search:google", name="Google Search", desk="google_search",
    contact="https://support.google.com/websearch/answer/6302812",
)  # fmt: skip
LETTER = Way("operator", "gdpr_erasure", name="Pictures Example Ltd", party_key="operator:x", channel="post",
             contact="1 Example Road\n12345 Example Town", via="post")  # fmt: skip


@pytest.fixture
def case(organisation: Any, now: Any) -> Any:
    case = people.open_case(organisation, acquisition="self_generated_shared").case
    with tenancy.organisation(organisation.pk):
        for purpose in ("notify", "contact_operator"):
            consents.give(case, purpose, "survivor", now)
    return case


@pytest.fixture
def made(organisation: Any, case: Any, now: Any) -> dict[str, Step]:
    with tenancy.organisation(organisation.pk):
        finding = people.make_finding(case)
        ways = {"google": GOOGLE, "ftc": FTC, "pays": PAYS, "police": POLICE, "letter": LETTER,
                "kit": Way("hash_bank", "hash_bank_submission", desk="stopncii", name="StopNCII.org")}  # fmt: skip
        found = {name: steps.ensure(finding, way, now) for name, way in ways.items()}
        people.make_notice(finding, state="prepared", channel="form", contact="https://search.example/removal")
        return found


@pytest.fixture
def desk(organisation: Any) -> Any:
    return people.signed_in(people.worker(organisation))


def say(desk: Any, step: Step, **filled: str) -> Any:
    answer = desk.post(reverse("console:step-say", args=[step.pk]), filled)
    step.refresh_from_db()
    return answer


def inside(organisation: Any) -> Any:
    return tenancy.organisation(organisation.pk)


def test_an_empty_list_says_so(desk: Any, case: Any) -> None:
    assert "Nothing to do by hand" in desk.get("/console/by-hand/").content.decode()
    page = desk.get(reverse("console:case-by-hand", args=[case.pk])).content.decode()
    assert "Nothing to do by hand" in page and "Add a step" in page


def test_the_list_shows_steps_and_forms_and_why_one_may_not_be_done(desk: Any, case: Any, made: Any) -> None:
    page = desk.get("/console/by-hand/").content.decode()
    assert page.count("<tr data-step=") == len(made) + 1
    assert "There is no consent for this." in page, "the police, whom she has not allowed"


def test_a_desk_of_the_playbook_is_opened_and_its_answers_stand_ready(desk: Any, made: Any) -> None:
    page = desk.get(reverse("console:step", args=[made["google"].pk])).content.decode()
    assert f'href="{GOOGLE.contact}"' in page and 'rel="noopener noreferrer"' in page
    assert "https://pictures.example/p/2" in page and "data-copy=" in page


def test_what_may_not_be_done_shows_nothing_to_copy(
    desk: Any, organisation: Any, case: Any, made: Any, now: Any
) -> None:
    assert "data-copy=" not in desk.get(reverse("console:step", args=[made["police"].pk])).content.decode()
    with inside(organisation):
        ends = now + timedelta(days=9_000)
        holds.place(case, reason="police asked", owner="station 4", ends=ends, actor="lead:x", now=now)
    page = desk.get(reverse("console:step", args=[made["google"].pk])).content.decode()
    assert "data-copy=" not in page and "Not now." in page
    with inside(organisation):
        assert say(desk, made["google"], choice="done").status_code == 422
        assert made["google"].state == "todo"


def test_done_undone_and_what_they_said(desk: Any, organisation: Any, made: Any) -> None:
    with inside(organisation):
        step = made["ftc"]
        assert say(desk, step, choice="answered", answer="too early").status_code == 422
        say(desk, step, choice="done", reference="F-77", confirmation="We have your complaint.", day="2026-03-01")
        assert (step.state, step.reference, step.confirmation) == ("done", "F-77", "We have your complaint.")
        say(desk, step, choice="answered", answer="We look at it.", kind="received")
        assert step.answer == "We look at it." and step.answered_at is not None
        say(desk, step, choice="undone")
        assert (step.state, step.reference) == ("todo", "F-77")
        assert say(desk, step, choice="cannot", why=" ").status_code == 422
        say(desk, step, choice="cannot", why="they take it from residents only")
        assert step.state == "cannot"
        assert say(desk, step, choice="sabotage").status_code == 404
        assert say(desk, step, choice="done", day="2999-01-01").status_code == 422
        assert say(desk, step, choice="done", day="yesterday").status_code == 422


def test_a_form_that_changed_is_told_to_the_next_person(desk: Any, organisation: Any, made: Any) -> None:
    with inside(organisation):
        assert say(desk, made["google"], choice="changed", why="").status_code == 422
        say(desk, made["google"], choice="changed", why="it asks for a date of birth now")
    page = desk.get(reverse("console:step", args=[made["google"].pk])).content.decode()
    assert "it asks for a date of birth now" in page
    desk.post(reverse("console:form-fits", args=[made["google"].pk]))
    with inside(organisation):
        assert not FormWord.objects.filter(settled_at=None).exists()


def test_a_letter_is_a_pdf_once_its_address_is_known(desk: Any, organisation: Any, made: Any) -> None:
    step, where = made["letter"], reverse("console:step-letter", args=[made["letter"].pk])
    with inside(organisation):
        Step.objects.filter(pk=step.pk).update(contact="")
    assert desk.get(where).status_code == 422
    with inside(organisation):
        given = {"choice": "address", "contact": "1 Example Road\n12345 Example Town"}
        assert say(desk, step, **given, enclosures="her picture.jpg").status_code == 422
        say(desk, step, **given, enclosures="Authority\n\nList of checks")
        assert step.enclosures == ["Authority", "List of checks"]
    page = desk.get(reverse("console:step", args=[step.pk])).content.decode()
    assert "Authority\nList of checks\n</textarea>" in page
    answer = desk.get(where)
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
    assert answer["Cache-Control"] == "no-store"


def test_a_step_is_added_by_hand(desk: Any, organisation: Any, case: Any, made: Any) -> None:
    page = desk.get(reverse("console:case-by-hand", args=[case.pk])).content.decode()
    offered = re.findall(r'<option value="(regulator\|esafety[^"]*)"', page)
    offered = offered or re.findall(r'<option value="(payment\|mastercard[^"]*)"', page)
    where = reverse("console:by-hand-add", args=[case.pk])
    answer = desk.post(where, {"what": offered[0], "why": "she asked for it"})
    assert answer.status_code == 302, answer.content.decode()[:500]
    with inside(organisation):
        assert Step.objects.filter(why="she asked for it", made_by__startswith="caseworker:").count() == 1
    assert desk.post(where, {"what": ""}).status_code == 422
    assert desk.post(where, {"what": "email||site_operator|us_tida"}).status_code == 422
    assert desk.post(where, {"what": "police||police|police_report"}).status_code == 422, "she has not allowed it"


@pytest.mark.browser
@pytest.mark.slow
def test_every_page_reads_well_and_copies(desk: Any, organisation: Any, case: Any, made: Any, now: Any) -> None:
    with inside(organisation):
        other = people.open_case(organisation).case
    say_done = {"choice": "done", "reference": "F-77", "confirmation": "We have your complaint."}
    desk.post(reverse("console:step-say", args=[made["ftc"].pk]), say_done)
    desk.post(reverse("console:step-say", args=[made["google"].pk]), {"choice": "changed", "why": "one field more"})
    pages = {
        "by-hand": "/console/by-hand/", "by-hand-case": reverse("console:case-by-hand", args=[case.pk]),
        "by-hand-empty": reverse("console:case-by-hand", args=[other.pk]),
        "case-with-steps": reverse("console:case", args=[case.pk]),
        **{f"step-{name}": reverse("console:step", args=[step.pk]) for name, step in made.items()},
    }  # fmt: skip
    problems: list[str] = []
    young = people.entered(people.open_case(organisation, age="unknown", country="GB").access_code)
    young.post(reverse("portal:list-say", args=["stopncii"]), {"choice": "done"})
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, desk, pages, problems, scheme)
            look(browser, young, {"lists": "/case/lists/"}, problems, scheme)
        with browser.page(desk) as page:
            page.goto(ORIGIN + pages["step-google"])
            assert page.is_visible("button[data-copy]")
        with browser.page(desk, java_script_enabled=False) as page:
            page.goto(ORIGIN + pages["step-google"])
            assert page.is_hidden("button[data-copy]")
            page.fill("#reference", "G-1")
            page.click("#done button")
            assert page.get_attribute("[data-fact=state]", "data-state") == "done"
        assert browser.outside == []
    assert not problems, "\n".join(problems)
