"""Clocks on screen: over first, in plain words; what happened is written down; counter-notices wait for a person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from efface.accounts.models import CalendarFeed
from efface.engine.base import clock, tenancy
from efface.engine.base.models import Deadline
from efface.takedown import overdue, timing
from efface.takedown.models import ClockFact, Notice, Route
from tests import people
from tests.conftest import NOON, make_organisation
from tests.console.test_queue import take
from tests.takedown.test_ical import read

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def make(case: Any, kind: str = "us_tida", country: str = "", page: str = "https://pictures.example/p/9") -> Notice:
    """A notice that left two days ago."""
    with tenancy.organisation(case.organisation_id):
        notice = people.make_notice(people.make_finding(case, page=page), state="sent", sent_at=NOON - 50 * HOUR)
        Notice.objects.filter(pk=notice.pk).update(notice_type=kind)
        Route.objects.filter(pk=notice.route_id).update(notice_type=kind, country=country)
        return Notice.objects.select_related("route", "finding__site", "case").get(pk=notice.pk)


def known(notice: Notice, kind: str, hours: float) -> None:
    with tenancy.organisation(notice.organisation_id):
        timing.note(notice, kind, NOON - hours * HOUR, "reply", NOON)


def test_those_whose_time_is_over_come_first_with_local_time_law_and_cautions(desk: Client, case: Any) -> None:
    waiting = make(case, page="https://pictures.example/p/1")
    running = make(case, "gdpr_erasure", "FR", "https://pictures.example/p/2")
    late = make(case, page="https://pictures.example/p/3")
    unsure = make(case, "gdpr_erasure", "SE", "https://pictures.example/p/4")
    known(running, "receipt", 1)
    known(late, "receipt", 49)
    known(unsure, "receipt", 1)
    page = desk.get("/console/clocks/").content.decode()
    places = [page.index(one.reference) for one in (late, running, waiting)]
    assert places == sorted(places)
    assert "the time is over" in page and "47 U.S.C. 223a(a)(3)" in page
    assert "end of Thursday, 2 April 2026 (Europe/Paris)" in page
    assert "the time has not begun. It runs once this is known: they have it" in page
    assert "Nobody here has read this provision" in page and "Holidays or time zone of the place are not known" in page
    of_case = desk.get(f"/console/cases/{case.pk}/").content.decode()
    assert of_case.count('class="clock"') == 4 and 'data-state="overdue"' in of_case


def test_what_happened_is_written_down_and_taken_back(desk: Client, case: Any, organisation: Any) -> None:
    notice = make(case)
    address = f"/console/clocks/{notice.pk}/"
    given = {"kind": "receipt", "at": "2026-03-02T06:30", "zone": "America/New_York", "how": "post"}
    shown = desk.post(address, given, follow=True).content.decode()
    assert "The clocks were counted anew" in shown and "Wednesday, 4 March 2026, 11:30 (UTC)" in shown
    assert "written down already" in desk.post(address, given, follow=True).content.decode()
    with tenancy.organisation(organisation.pk):
        fact = ClockFact.objects.get()
        assert fact.at == NOON - HOUR / 2 and fact.by.startswith("user:")
        assert Deadline.objects.get(kind=timing.KIND).due == NOON + 47.5 * HOUR
    desk.post(f"{address}fact/{fact.pk}/take-back/")
    with tenancy.organisation(organisation.pk):
        assert Deadline.objects.get(kind=timing.KIND).state == "cancelled"
    assert "taken back" in desk.get(address).content.decode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"at": "2026-03-02T20:00"}, "lies ahead"), ({"at": "2020-01-01T00:00"}, "before our notice left"),
        ({"at": "yesterday"}, "Enter a valid date/time"), ({"zone": "Mars/Nowhere"}, "Select a valid choice"),
        ({"kind": "lunch"}, "Select a valid choice"), ({"at": "9999-12-31T23:59"}, "lies ahead"),
        ({"at": "0001-01-01T00:00", "zone": "Asia/Tokyo"}, "There is no such time"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_and_nothing_is_kept(
    desk: Client, case: Any, organisation: Any, change: dict[str, str], words: str
) -> None:
    notice = make(case)
    given = {"kind": "receipt", "at": "2026-03-02T11:00", "zone": "UTC", "how": "post"} | change
    answer = desk.post(f"/console/clocks/{notice.pk}/", given)
    assert answer.status_code == 422 and words in answer.content.decode()
    with tenancy.organisation(organisation.pk):
        assert not ClockFact.objects.exists()


def test_a_counter_notice_says_what_can_be_done_and_until_when(desk: Client, case: Any, organisation: Any) -> None:
    notice = make(case, "us_dmca_512c", "US")
    with tenancy.organisation(organisation.pk):
        Route.objects.filter(pk=notice.route_id).update(state="dead")
        notice.route.refresh_from_db()
    known(notice, "counter_notice", 1)
    page = desk.get("/console/queue/").content.decode()
    assert "A counter-notice: it may come back" in page and "never sue by itself" in page
    assert "end of Monday, 16 March 2026 (America/New_York)" in page and "17 U.S.C. 512(g)" in page
    assert "Noted." in take(desk, "counter", notice.pk, "lawyer", why="the clinic")
    assert "A counter-notice" not in desk.get("/console/queue/").content.decode()


def test_a_date_that_is_not_sure_is_decided_by_a_person(desk: Client, case: Any, organisation: Any) -> None:
    notice = make(case, "gdpr_erasure", "SE")
    known(notice, "receipt", 49)
    later = NOON + timedelta(days=40)
    with clock.fixed(later):
        with tenancy.organisation(organisation.pk):
            overdue._due(list(Deadline.objects.filter(kind=timing.KIND)), later)
            assert case.caseevents.filter(kind=overdue.ASKED).count() == 1
        page = desk.get("/console/queue/").content.decode()
        assert "A time of the law may be over" in page and "Look first" in page
        take(desk, "clock", notice.pk, "wait")
        assert "A time of the law may be over" not in desk.get("/console/queue/").content.decode()
    with tenancy.organisation(organisation.pk):
        assert Deadline.objects.get(kind="notice.chaser").due > later


def calendar(client: Client) -> str:
    """Make an address as the page does; the address it shows."""
    page = client.post("/console/calendar/change/", {"choice": "make"}).content.decode()
    return "/" + page.split('data-fact="address">')[1].split("<")[0].split("/", 3)[3]


def test_the_calendar_says_when_and_nothing_else(desk: Client, case: Any, organisation: Any) -> None:
    notice = make(case)
    known(notice, "receipt", 1)
    address = calendar(desk)
    answer = Client().get(address)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    [event] = read(answer.content)
    assert event["SUMMARY"] == "Efface: an answer is due" and event["DTSTART"] == "20260304T110000Z"
    said = answer.content.decode()
    secrets = (case.reference, notice.reference, str(notice.pk), str(case.pk), "pictures", "host", "http", "us_tida")
    for secret in secrets:
        assert secret.lower() not in said.lower(), secret
    known(notice, "receipt", 2)
    [moved] = read(Client().get(address).content)
    assert moved["UID"] == event["UID"] and int(moved["SEQUENCE"]) > int(event["SEQUENCE"])
    assert moved["DTSTART"] == "20260304T100000Z"
    with tenancy.organisation(organisation.pk):
        Notice.objects.filter(pk=notice.pk).update(state="bounced")
        timing.recount(Notice.objects.select_related("route").get(pk=notice.pk), NOON)
    [gone] = read(Client().get(address).content)
    assert (gone["UID"], gone["STATUS"]) == (event["UID"], "CANCELLED")


def test_an_address_is_kept_as_a_digest_and_ends_at_once(desk: Client, organisation: Any) -> None:
    first = calendar(desk)
    assert Client().get(first).status_code == 200
    assert first not in desk.get("/console/calendar/").content.decode()
    second = calendar(desk)
    assert Client().get(first).status_code == 404 and Client().get(second).status_code == 200
    with tenancy.organisation(organisation.pk):
        rows = CalendarFeed.objects.all()
        assert all(second.split("/")[3].encode() not in bytes(one.digest) for one in rows) and len(rows) == 2
        assert CalendarFeed.objects.get(ended_at=None).read_at == NOON
    desk.post("/console/calendar/change/", {"choice": "end"})
    assert Client().get(second).status_code == 404


def test_who_left_or_may_not_see_cases_has_no_calendar(organisation: Any, now: Any) -> None:
    from efface.accounts.models import Member

    user = people.worker(organisation, "caseworker")
    address = calendar(people.signed_in(user))
    with tenancy.organisation(organisation.pk):
        Member.objects.filter(user=user).update(role="auditor")
    assert Client().get(address).status_code == 404
    with tenancy.organisation(organisation.pk):
        Member.objects.filter(user=user).update(role="caseworker")
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert Client().get(address).status_code == 404


def test_a_caseworker_sees_own_and_unclaimed_cases_a_lead_all_and_nobody_another_s(
    organisation: Any, case: Any, now: Any
) -> None:
    other = make_organisation("Another Helpline")
    mine, colleague = people.worker(organisation, "caseworker"), people.worker(organisation, "caseworker")
    lead, stranger = people.worker(organisation, "lead"), people.worker(other, "lead")
    known(make(case), "receipt", 1)
    with tenancy.organisation(organisation.pk):
        type(case).objects.filter(pk=case.pk).update(worker=mine)
    counts = [
        len(read(Client().get(calendar(people.signed_in(one))).content)) for one in (mine, colleague, lead, stranger)
    ]
    assert counts == [1, 0, 1, 0]


def test_guessing_addresses_is_slowed_down(desk: Client) -> None:
    address = calendar(desk)
    guesser = Client(REMOTE_ADDR="192.0.2.9")
    for _ in range(10):
        assert guesser.get("/console/calendar/not-the-one/efface.ics").status_code == 404
    answer = guesser.get(address)
    assert answer.status_code == 429 and answer.headers["Retry-After"]
    assert Client(REMOTE_ADDR="192.0.2.10").get(address).status_code == 200


def test_one_calendar_is_given_out_so_often_and_no_more(desk: Client) -> None:
    from efface.console import agenda

    address = calendar(desk)
    answers = [Client().get(address).status_code for _ in range(agenda.ASKED + 1)]
    assert answers == [200] * agenda.ASKED + [429]


def test_shifts_and_ends_of_holds_stand_in_it_too(organisation: Any, case: Any, now: Any) -> None:
    user = people.worker(organisation, "lead")
    with tenancy.organisation(organisation.pk):
        from efface.accounts.models import Member
        from efface.cases.models import Duty, Hold

        member = Member.objects.get(user=user)
        other = Member.objects.get(user=people.worker(organisation, "caseworker"))
        begins = now + timedelta(days=1)
        for one in (member, other):
            Duty.objects.create(organisation=organisation, member=one, begins=begins, ends=begins + timedelta(hours=4))
        hold = Hold.objects.create(
            organisation=organisation, case=case, reason="a secret reason", owner="Detective X", begins=now,
            ends=now + timedelta(days=3),
        )  # fmt: skip
    address = calendar(people.signed_in(user))
    raw = Client().get(address).content
    shift, end = sorted(read(raw), key=lambda event: event["DTSTART"])
    assert (shift["SUMMARY"], shift["DTSTART"], shift["DTEND"], shift["TRANSP"]) == (
        "Efface: on duty", "20260303T120000Z", "20260303T160000Z", "OPAQUE")  # fmt: skip
    assert (end["SUMMARY"], end["DTSTART"], end["STATUS"]) == ("Efface: a hold ends", "20260305T120000Z", "CONFIRMED")
    assert b"secret" not in raw and b"Detective" not in raw and case.reference.encode() not in raw
    with tenancy.organisation(organisation.pk):
        Hold.objects.filter(pk=hold.pk).update(lifted_at=now + timedelta(days=1))
    (gone,) = [event for event in read(Client().get(address).content) if event["UID"] == end["UID"]]
    assert gone["STATUS"] == "CANCELLED" and int(gone["SEQUENCE"]) > int(end["SEQUENCE"])
