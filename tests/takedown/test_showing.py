"""A notice as its desk receives it: samples of every type, and those of a case before and after they go."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner
from django.urls import reverse

from efface.cli.main import main
from efface.engine.base import tenancy
from efface.law import load
from efface.takedown import sample, showing, templates
from efface.takedown.models import Notice
from tests import people
from tests.conftest import NOON, make_organisation
from tests.takedown.conftest import Office


@pytest.mark.parametrize("notice_type", sorted(load().notices))
def test_every_written_type_has_a_sample_in_each_of_its_languages(notice_type: str) -> None:
    for language in sorted(templates.languages(notice_type)):
        shown = showing.of_draft(sample.draft(notice_type, language, NOON))
        assert shown.text.strip() and shown.subject and shown.language in (language, "en")
        assert "{" not in shown.text, "nothing is left unfilled"


def test_the_command_prints_text_and_xarf() -> None:
    asked = ["notice", "show", "--type", "eu_dsa_art16", "--language", "de", "--sample", "--json"]
    run = CliRunner().invoke(main, asked)
    assert run.exit_code == 0, run.output
    found = json.loads(run.stdout)
    assert found["language"] == "de" and found["xarf"][0]["xarf_version"].startswith("4")
    assert "pictures.example" in found["text"] and found["notice_type"] == "eu_dsa_art16"
    plain = CliRunner().invoke(main, ["notice", "show", "--type", "eu_dsa_art16", "--sample"])
    assert plain.stdout.startswith("Subject: ") and '"xarf_version"' in plain.stdout


@pytest.mark.parametrize("given", [[], ["--sample"], ["EF-1", "--sample", "--type", "us_tida"]])
def test_the_command_says_what_it_wants(given: list[str]) -> None:
    run = CliRunner().invoke(main, ["notice", "show", *given])
    assert run.exit_code == 2 and "give either NOTICE" in run.output


def test_an_unknown_type_is_told_plainly() -> None:
    run = CliRunner().invoke(main, ["notice", "show", "--sample", "--type", "us_tidal"])
    assert run.exit_code == 1 and "no notice type 'us_tidal'" in run.output and "Traceback" not in run.output


def test_addresses_in_a_text_cannot_be_opened() -> None:
    text = "see https://pictures.example/v/1?a=b and HTTP://x.example."
    assert showing.defanged(text) == "see hxxps://pictures[.]example/v/1?a=b and hxxp://x[.]example[.]"


@pytest.mark.django_db
def test_a_caseworker_reads_it_before_and_after_it_goes(office: Office, now: datetime) -> None:
    office.finding()
    office.work()
    row = office.notice("operator")
    desk = people.signed_in(people.worker(office.case.organisation, "caseworker"))
    at, plain = reverse("console:notice-text", args=[row.pk]), reverse("console:notice-plain", args=[row.pk])
    page = desk.get(at).content.decode()
    assert "waits for approval" in page and "hxxp://pictures[.]example/v/1044" in page
    assert "http://pictures.example" not in page and "xarf_version" in page
    assert f'href="{at}"' in desk.get(reverse("console:plan", args=[row.case_id, row.finding_id])).content.decode()
    text = desk.get(plain)
    assert text["Content-Type"].startswith("text/plain") and "http://pictures.example/v/1044" in text.content.decode()
    with tenancy.organisation(office.case.organisation_id):
        office.approve(route__role="operator")
    office.work()
    sent: Any = office.desk.messages()[0]
    body = sent.get_body(("plain",)).get_content() if hasattr(sent, "get_body") else ""
    shown = showing.of_notice(Notice.objects.get(pk=row.pk))
    assert shown.state == "sent" and (not body or shown.text.split() == body.split())
    stranger = people.signed_in(people.worker(make_organisation("Other"), "caseworker"))
    assert stranger.get(at).status_code == 404
