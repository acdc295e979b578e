"""Letters, decisions on mails and forms that name several findings, notices as sent, and the law browser: looked at in
Chromium at the width of a phone and of a desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from efface.cases import consents
from efface.engine.base import tenancy
from efface.takedown.models import Inbound, Notice, Route
from tests import people
from tests.chromium import chromium
from tests.conftest import NOON
from tests.console.test_browser import SIZES, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
LONG = "https://pictures.example/gallery/2026/11/" + "a-very-long-name-of-a-page-" * 6


def group(case: Any, state: str, channel: str, contact: str, count: int = 3) -> list[Notice]:
    """Notices to one desk about several pages, the first the one whose mail it is."""
    rows: list[Notice] = []
    for number in range(count):
        page = f"{LONG}{channel}-{state}" if number == 1 else f"https://pictures.example/{channel}/{state}/{number}"
        one = people.make_notice(people.make_finding(case, page=page), state=state, channel=channel, contact=contact)
        Route.objects.filter(pk=one.route_id).update(party_key=f"host:{channel}:{state}")
        if state == "sent":
            lead = rows[0] if rows else None
            Notice.objects.filter(pk=one.pk).update(sent_at=NOON, together=lead)
        row: Any = Notice.objects.get(pk=one.pk)
        row.urls = [page]
        row.save()
        rows.append(row)
    return rows


@pytest.fixture
def shared(organisation: Any, now: Any) -> Any:
    case = people.open_case(organisation).case
    with tenancy.organisation(organisation.pk):
        consents.give(case, "notify", "survivor", now)
        sent = group(case, "sent", "email", "abuse@host.example")
        drafts = group(case, "draft", "email", "abuse@second.example")
        forms = group(case, "prepared", "form", "https://host.example/report")
        texts = ("We have removed everything. Thank you.", f"{sent[1].urls[0]} stays: it breaks no rule of ours.")
        for number, (words, kind) in enumerate(zip(texts, ("claims_removal", "refuses"), strict=True)):
            row = Inbound(organisation_id=organisation.pk, case_id=case.pk, notice=sent[0], at=NOON, raw=sent[0].pk,
                          digest=bytes([number]), kind=kind, confidence=0.5)  # fmt: skip
            row.sender, row.subject_line, row.text, row.because = "abuse@host.example", "Re: Notice", words, words
            row.save()
    return case, sent, drafts, forms, row


@pytest.mark.slow
def test_letters_and_decisions_about_several_findings(organisation: Any, shared: Any) -> None:
    case, sent, drafts, forms, reply = shared
    lead = people.signed_in(people.worker(organisation, "lead"))
    pages = {
        "letters": f"/console/cases/{case.pk}/letters/", "case-heard": f"/console/cases/{case.pk}/",
        "draft": f"/console/decision/notice/{drafts[0].pk}/",
        "form": f"/console/decision/filing/{forms[0].pk}/",
        "reply-about-one": f"/console/decision/reply/{reply.pk}/", "queue-of-forms": "/console/queue/?kind=filing",
        "notice-as-sent": f"/console/notices/{sent[0].pk}/", "by-hand": "/console/by-hand/",
        "particulars": f"/console/cases/{case.pk}/particulars/", "law": "/console/law/",
        "law-place": "/console/law/places/DE/", "law-notice": "/console/law/notices/eu_dsa_art16/",
    }  # fmt: skip
    problems: list[str] = []
    with chromium() as browser:
        for scheme in SIZES:
            look(browser, lead, pages, problems, scheme)
            look(browser, Client(), {"portal-place": "/places/DE/"}, problems, scheme)
        assert browser.outside == [] and browser.complaints == []
    assert not problems, "\n".join(problems)
    told = lead.get(pages["letters"]).content.decode()
    assert "This mail names 3 findings" in told and "about all 3 findings" in told and sent[1].reference in told
    beside = lead.get(pages["case-heard"]).content.decode()
    assert beside.count("data-heard=") == 4, "the answer to all at three, the one that names a page at its own alone"
    assert f"1 of 3 findings of the mail, whose addresses it names: {sent[1].reference}" in (
        lead.get(pages["reply-about-one"]).content.decode()
    )
