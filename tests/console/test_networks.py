"""The networks' pages: all who work with sites read them, a lead or coordinator decides, and can undo it."""

from __future__ import annotations

from typing import Any

from efface.accounts.models import AuditEntry
from efface.engine.base import tenancy
from efface.sites import networks
from efface.sites.models import Membership, NetworkWord, Site
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


def test_sites_are_split_off_in_one_step_that_is_taken_back_in_one(organisation: Any, now: Any) -> None:
    network = _network(now)
    lead = people.signed_in(people.worker(organisation, "lead"))
    page = f"/console/networks/{network}/"
    members = set(Site.objects.filter(network=network).values_list("domain", flat=True))
    assert len(members) > 3
    stays = members - {"lake.example", "spring.example"}
    answer = {"site": ["lake.example", "spring.example", "nobody.example"], "why": "sold last year"}
    assert lead.post(f"{page}split/", answer).status_code == 302
    gone = Site.objects.get(domain="lake.example").network_id
    assert gone != network and Site.objects.get(domain="spring.example").network_id == gone
    assert set(Site.objects.filter(network=network).values_list("domain", flat=True)) == stays
    words = NetworkWord.objects.filter(same=False)
    assert words.count() == 2 * len(stays)
    assert f"({words.count()} pairs in one step)" in lead.get(page).content.decode()
    assert lead.post(f"{page}word/{words[0].pk}/end/").status_code == 302
    assert not words.filter(ended_at=None).exists()
    assert Site.objects.filter(domain__in=members).values("network").distinct().count() == 1
    with tenancy.organisation(organisation.pk):
        actions = list(AuditEntry.objects.values_list("action", flat=True))
    assert actions.count("network.split") == actions.count("network.taken_back") == 1


def test_nothing_is_split_without_a_choice_or_against_what_was_said(organisation: Any, now: Any) -> None:
    network = _network(now)
    lead = people.signed_in(people.worker(organisation, "lead"))
    members = list(Site.objects.filter(network=network).values_list("domain", flat=True))
    for answer, words in (
        ({"why": "so"}, "Choose at least one"), ({"site": members, "why": "so"}, "Choose at least one"),
        ({"site": ["river.example"]}, "Say why"), ({"site": ["spring.example"], "why": "so"}, "Take that back first"),
    ):  # fmt: skip
        shown = lead.post(f"/console/networks/{network}/split/", answer, follow=True).content.decode()
        assert words in shown
    assert not NetworkWord.objects.filter(same=False).exists()


def test_two_networks_are_joined_by_a_word(organisation: Any, now: Any) -> None:
    network = _network(now)
    one, two = people.make_site("hill.example"), people.make_site("rock.example")
    networks.say(one, two, True, "one imprint", "lead:x", now)
    lead = people.signed_in(people.worker(organisation, "lead"))
    page = f"/console/networks/{network}/"
    for domain, words in (("lake.example", "of another network"), ("nobody.example", "of another network")):
        answer = {"with": domain, "why": "so"}
        assert words in lead.post(f"{page}unite/", answer, follow=True).content.decode()
    assert lead.post(f"{page}unite/", {"with": "rock.example", "why": "one owner"}).status_code == 302
    one.refresh_from_db()
    assert one.network_id == Site.objects.get(domain="lake.example").network_id


def test_the_page_says_what_one_notice_may_cover_and_what_is_missing(organisation: Any, now: Any) -> None:
    network = _network(now)
    lead = people.signed_in(people.worker(organisation, "lead"))
    assert "All of them: at least two kinds" in lead.get(f"/console/networks/{network}/").content.decode()
    assert "one operator</span>" in lead.get("/console/networks/").content.decode()
    Membership.objects.filter(network=network).update(same="")
    shown = lead.get(f"/console/networks/{network}/").content.decode()
    assert "No site but the one it names" in shown and "missing:" in shown
    assert ">likely</span>" in lead.get("/console/networks/").content.decode()
