"""What notices need and only a person can say: each is asked for what needs it, sealed, and opens the way it is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from efface.cases import erasing
from efface.cases.models import Case
from efface.law import load
from efface.takedown import drafting, elements, entering, entries, notice
from efface.takedown.models import Particular
from tests.casework import make_case, make_finding
from tests.conftest import NOON
from tests.takedown.notice_facts import complete

pytestmark = pytest.mark.django_db
WHO = "caseworker:1"
SAID = {
    "controller": "Example Pictures Ltd", "accounts": "poster77\nwallet 0x77aa", "terms": "example 1044",
    "chronology": "2026-02-20: it was found\n2026-02-21 18:30 a message demanded money", "safety": "through us only",
    "checkout": "https://pictures.example/join", "processor": "Example Payments", "violation": "no consent on file",
    "complained": "2026-02-20", "leads": "yes", "work": "A still photograph, upright.", "keep_days": "120",
    "asked_to": "Example Hosting", "asked_on": "2026-02-20", "asked_proof": "receipt 88", "police_file": "A-17",
    "police_day": "2026-02-21", "link": "she studies there",
}  # fmt: skip


@pytest.fixture
def case(inside: Any) -> Case:
    return make_case(inside)


def test_no_element_of_a_law_lacks_a_place_where_it_can_be_said() -> None:
    """Whatever only a person knows has an entry or a question; the rest the case itself holds."""
    elsewhere = {"own": {"good_faith", "accuracy_authority", "on_device_hash", "case_pin"},
                 "case": {"name", "chronology", "signature", "contact", "name_email", "reporter"}}  # fmt: skip
    bare = replace(
        complete("police_report"), merchant=None, chronology=(), leads=False, age_context="", name_agreed=False,
        police=notice.Police(wanted=True), keep_days=0, residence="", link="", paid=None, nature="unknown",
        controller="", domain="", asked=None,
    )  # fmt: skip
    without: set[str] = set()
    for kind in load().notices.values():
        for one in kind.elements:
            if one.required and elements.LACKING[one.id](bare) and not elements.LACKING[one.id](complete(kind.id)):
                known = entries.asked_by(one.id, kind.id) or one.id in {"country", "real_or_fake", "not_paid"}
                if not known and one.id not in elsewhere["own"] | elsewhere["case"]:
                    without.add(one.id)
    assert without <= {"domain_url"}, without


def test_what_is_said_stands_in_the_facts_of_a_notice(case: Case) -> None:
    finding = make_finding(case)
    for name, text in SAID.items():
        entering.say(case, name, text, WHO, NOON)
    found = drafting.probe(finding, NOON)
    assert found.merchant is not None and found.merchant.complained == date(2026, 2, 20)
    assert [one.words for one in found.chronology] == ["it was found", "a message demanded money"]
    assert found.police is not None and (found.police.safety, found.police.file_number) == ("through us only", "A-17")
    assert found.accounts == ("poster77", "wallet 0x77aa") and found.keep_days == 120 and found.leads
    assert found.asked is not None and found.asked.proof == "receipt 88"
    assert (found.link, found.controller) == ("she studies there", "Example Pictures Ltd")
    made = notice.draft("payment_network", found)
    assert "Example Payments" in made.text and "no consent on file" in made.text
    entering.say(case, "checkout", " ", WHO, NOON)
    with pytest.raises(notice.NoticeIncomplete, match="merchant"):
        notice.draft("payment_network", drafting.probe(finding, NOON))


def test_her_name_is_given_to_one_kind_of_recipient_only(case: Case) -> None:
    finding = make_finding(case)
    entering.say(case, "name_for:dpa_complaint", "yes", WHO, NOON)
    found = drafting.probe(finding, NOON)
    assert not [one for one in notice.missing("dpa_complaint", found) if one.element == "subject_named"]
    assert [one for one in notice.missing("ca_bc_crt", found) if one.element == "subject_named"]
    with pytest.raises(entering.Unsayable):
        entering.say(case, "name_for:generic_host_abuse", "yes", WHO, NOON)


@pytest.mark.parametrize(
    ("name", "text"),
    [("chronology", "it was found"), ("chronology", "2026-13-01 it was found"), ("complained", "yesterday"),
     ("complained", "2999-01-01"), ("keep_days", "366"), ("keep_days", "many"), ("country", "Germany"),
     ("acquisition", "stolen by Martians"), ("safety", "x" * 700), ("nothing", "x"), ("accounts", "a\n" * 100),
     ("safety", "ring Subject A at home"), ("chronology", "2026-02-20 Subject A saw it")],
)  # fmt: skip
def test_what_cannot_stand_in_a_notice_is_refused(case: Case, name: str, text: str) -> None:
    with pytest.raises(entering.Unsayable):
        entering.say(case, name, text, WHO, NOON)
    assert not Particular.objects.exists()


def test_it_is_sealed_planned_with_and_gone_with_the_case(case: Case) -> None:
    from django.db import connection

    entering.say(case, "safety", "through us only", WHO, NOON)
    entering.say(case, "safety", "through us only", WHO, NOON)
    assert case.caseevents.filter(kind="particular.noted").count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(value, 'escape') FROM takedown_particular")
        assert "through us" not in cursor.fetchone()[0]
    erasing.erase(case, "lead:1", NOON)
    assert not Particular.objects.exists()


def test_only_what_a_planned_notice_needs_is_asked() -> None:
    assert "merchant" not in entries.for_type("generic_host_abuse")
    assert {"checkout", "violation", "complained"} <= set(entries.for_type("payment_network"))
    assert "checkout" not in entries.for_type("us_tida") and entries.for_type("nothing") == ()
    wanted = entries.wanted([("payment_network", "Visa"), ("payment_network", "Other"), ("us_tida", "Site")])
    assert wanted["checkout"] == {"Visa", "Other"}
