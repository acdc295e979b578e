"""The networks' pages: all who work with sites read them, a lead or coordinator decides, and can undo it."""

from __future__ import annotations

from typing import Any

from efface.accounts.models import AuditEntry
from efface.sites.models import NetworkWord, Site
from tests import people
from tests.console.test_browser import _network


def test_a_lead_says_they_are_not_the_same_and_takes_it_back(organisation: Any, now: Any) -> None:
    network = _network(now)
    lead = people.signed_in(people.worker(organisation, "lead"))
    page = f"/console/networks/{network}/"
    text = lead.get(page).content.decode()
    assert "the same Google Analytics id" in text and "one notice may cover both" in text and "the same imprint" in text
    answer = {"one": "lake.example", "other": "river.example", "choice": "apart", "why": "sold last year"}
    assert lead.post(f"{page}say/", answer).status_code == 302
    one, two = Site.objects.get(domain="lake.example"), Site.objects.get(domain="river.example")
    assert one.network_id != two.network_id
    word = NetworkWord.objects.get(same=False)
    assert lead.post(f"{page}word/{word.pk}/end/").status_code == 302
    one.refresh_from_db()
    two.refresh_from_db()
    assert one.network_id == two.network_id
    from efface.engine.base import tenancy

    with tenancy.organisation(organisation.pk):
        actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"network.apart", "network.taken_back"} <= actions


def test_a_word_without_reason_or_with_an_unknown_site_is_refused_in_words(organisation: Any, now: Any) -> None:
    network = _network(now)
    lead = people.signed_in(people.worker(organisation, "lead"))
    for answer in (
        {"one": "lake.example", "other": "river.example", "choice": "apart", "why": " "},
        {"one": "lake.example", "other": "nobody\x00.example", "choice": "same", "why": "so"},
        {"one": "lake.example", "other": "river.example", "choice": "both", "why": "so"},
    ):
        shown = lead.post(f"/console/networks/{network}/say/", answer, follow=True).content.decode()
        assert "Say why" in shown or "Name two sites" in shown
    assert NetworkWord.objects.count() == 1


def test_a_caseworker_reads_and_does_not_decide(organisation: Any, now: Any) -> None:
    network = _network(now)
    worker = people.signed_in(people.worker(organisation, "caseworker"))
    assert "These are one operator" not in worker.get(f"/console/networks/{network}/").content.decode()
    assert worker.post(f"/console/networks/{network}/say/", {}).status_code == 403
