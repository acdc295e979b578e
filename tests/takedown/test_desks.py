"""What desks did is learned as it happens, and who cannot be reached at all is passed over for who stands above."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from efface.sites import contacts, learning
from efface.sites.models import Asked
from efface.takedown.models import Notice, Route
from efface.whereabouts.model import Party
from tests.takedown.conftest import HOST, MEDIA_HOST, OPERATOR, REGISTRAR, SEARCH, Office, dossier, mail, observation

pytestmark = pytest.mark.django_db
UPSTREAM = Party("upstream", "upstream:AS64501", "Carrier", covers=["pictures.example"],
                 contacts=[mail("abuse@carrier.example")])  # fmt: skip


def test_a_removal_is_learned_of_the_desk_that_was_asked(office: Office) -> None:
    office.finding()
    office.work()
    office.approve(route__role="operator")
    office.work()
    row = Asked.objects.get()
    assert (row.provider, row.role, row.channel, row.language, row.removed_days) == (
        "pictures.example", "operator", "email", office.notice("operator").language, None,
    )  # fmt: skip
    office.fetcher.answers["observe"] = lambda request: observation(request=request, page=404, media=404)
    office.hours(24 * 6)
    row.refresh_from_db()
    assert row.removed_days is not None and row.removed_days < 2
    learned = learning.of_providers([("pictures.example", "email")], office.now)[("pictures.example", "email")]
    assert (learned.sent, learned.week.n) == (1, 0), "too young to count"


def test_a_silent_desk_is_learned_too(office: Office) -> None:
    office.finding()
    office.work()
    office.approve(route__role="operator")
    office.hours(24 * 40)
    key = ("pictures.example", "email")
    learned = learning.of_providers([key], office.now)[key]
    assert (learned.month.k, learned.month.n) == (0, 2), "the notice and its reminder"


def test_a_refusal_at_the_door_was_sent_and_did_not_arrive(office: Office) -> None:
    office.desk.refuse["dmca@pictures.example"] = "550 5.1.1 no such user"
    office.finding()
    office.work()
    office.approve(route__role="operator")
    office.work()
    assert sorted(Asked.objects.values_list("delivered", flat=True)) == [False, True], "and the next mailbox was asked"
    assert office.mails() == [("abuse@pictures.example", "1")]


def test_a_host_that_nobody_can_reach_brings_the_network_above_it(office: Office) -> None:
    """Not the registrar, whose turn would have come as soon."""
    there = dossier(HOST, MEDIA_HOST, UPSTREAM, replace(REGISTRAR, contacts=[mail("abuse@names.example")]), SEARCH)
    office.fetcher.answers["whereabouts"] = there
    office.desk.refuse["abuse@host.example"] = "550 5.1.1 no such user"
    office.finding()
    office.work()
    before = Route.objects.get(role="upstream").starts_at
    office.approve(route__party_key=HOST.key)
    office.work()
    office.hours(1)
    assert Route.objects.get(party_key=HOST.key).state_why == "every contact is dead"
    upstream = Route.objects.get(role="upstream")
    assert upstream.starts_at < before and Notice.objects.filter(route=upstream).exists()
    assert not Notice.objects.filter(route__role="registrar").exists()


def test_never_more_than_two_guessed_mailboxes_over_all_cases(office: Office) -> None:
    """Every guess is refused; the next finding's dossier guesses others."""
    def guesses(*names: str) -> Any:
        boxes = [mail(f"{name}@pictures.example", 0.3, "role-mailbox") for name in names]
        return dossier(replace(OPERATOR, contacts=boxes), HOST, SEARCH)

    for name in ("abuse", "dmca", "webmaster", "postmaster", "legal"):
        office.desk.refuse[f"{name}@pictures.example"] = "550 5.1.1 no such user"
    for number, names in enumerate([("abuse", "dmca", "webmaster"), ("webmaster", "postmaster"), ("legal",)]):
        office.fetcher.answers["whereabouts"] = guesses(*names)
        office.finding(page=f"http://pictures.example/v/{100 + number}")
        office.work()
        office.approve(route__role="operator")
        office.work()
        office.hours(2)
    written = set(Notice.objects.filter(route__role="operator", sent_at=None, state="failed").values_list(
        "contact", flat=True))  # fmt: skip
    assert written == {"abuse@pictures.example", "dmca@pictures.example"}
    assert contacts.guesses_tried([OPERATOR.key])[OPERATOR.key] == written
