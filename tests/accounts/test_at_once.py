"""Invoices, vouchers and grants under several writers at once: real processes and commits, one killed in the middle."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from efface.accounts import invoicing, programmes
from efface.accounts.models import Invoice, Member, Voucher
from efface.accounts.programmes import Asked
from efface.engine.base import clock, tenancy
from tests import people
from tests.accounts.test_programmes import BILL
from tests.conftest import NOON, make_organisation, role


@pytest.fixture
def member(django_db_setup: None, django_db_blocker: Any) -> Iterator[Member]:
    """A coordinator whose rows are committed; everything of the organisations is emptied afterwards."""
    with django_db_blocker.unblock(), clock.fixed(NOON):
        with transaction.atomic():
            organisation = make_organisation()
            user = people.worker(organisation, "coordinator")
        with tenancy.organisation(organisation.pk):
            made = Member.objects.select_related("organisation").get(user=user)
        yield made
        connection.close()
        with transaction.atomic(), role("efface_owner"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE accounts_organisation, accounts_user, procrastinate_jobs, engine_deadline CASCADE")


def child(work: Callable[[], int]) -> int:
    """Its process id; it ends with what ``work`` gives back."""
    pid = os.fork()
    if pid == 0:
        kept, connection.connection = connection.connection, None  # not ours to end
        code = 99
        try:
            code = work()
        finally:
            os._exit(code if kept else 98)
    return pid


def ended(pids: list[int]) -> list[int]:
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def issue(member: Member, key: str, days: int = 0) -> Invoice:
    with tenancy.organisation(member.organisation_id):
        return invoicing.issue(member, BILL, key, NOON + timedelta(days=days))


def numbers(member: Member, year: int = 2026) -> list[int]:
    with tenancy.organisation(member.organisation_id):
        rows = Invoice.objects.filter(issued_on__year=year)
        return sorted(rows.values_list("number", flat=True))


def test_five_writers_at_once_leave_no_gap_and_no_double(member: Member) -> None:
    def write(who: int) -> int:
        for n in range(6):
            issue(member, f"w{who}-{n}", 366 if n % 3 == 2 else 0)
        return 0

    connection.ensure_connection()
    assert ended([child(partial(write, who)) for who in range(5)]) == [0] * 5
    assert numbers(member) == list(range(1, 21)), "each year has its own row of numbers"
    assert numbers(member, 2027) == list(range(1, 11))


def test_the_same_form_from_several_windows_is_one_invoice(member: Member) -> None:
    connection.ensure_connection()
    assert ended([child(lambda: issue(member, "one form").number) for _ in range(4)]) == [1] * 4
    assert numbers(member) == [1]


def test_killed_between_the_number_and_the_end_its_number_is_given_again(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue(member, "first")
    here, there = os.pipe()

    def hang(*_: Any) -> None:
        os.write(there, b"n")
        signal.pause()

    def write() -> int:
        monkeypatch.setattr(invoicing.audit, "record", hang)
        issue(member, "killed")
        return 1

    connection.ensure_connection()
    pid = child(write)
    assert os.read(here, 1) == b"n", "the row is written, and not committed"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert issue(member, "after").number == 2 and issue(member, "killed").number == 3
    assert numbers(member) == [1, 2, 3]


def test_one_voucher_entered_twice_at_once_is_used_once(member: Member) -> None:
    with tenancy.organisation(member.organisation_id):
        row = programmes.add(member, Asked("Helpline", "rights"), NOON)
        [code] = programmes.vouchers(member, row, 1, 30, NOON)

    def redeem() -> int:
        try:
            with tenancy.organisation(member.organisation_id):
                programmes.redeem(code, NOON)
        except programmes.Refused:
            return 1
        return 0

    connection.ensure_connection()
    assert sorted(ended([child(redeem) for _ in range(5)])) == [0, 1, 1, 1, 1]
    with tenancy.organisation(member.organisation_id):
        assert Voucher.objects.exclude(used_at=None).count() == 1


def test_several_who_spend_at_once_never_overdraw_a_grant(member: Member) -> None:
    with tenancy.organisation(member.organisation_id):
        row = programmes.grant(member, "Year", "Funds", 100, "EUR", None, NOON)

    def spend(who: int) -> int:
        try:
            with tenancy.organisation(member.organisation_id):
                programmes.spend(member, row, 30, "stamps", f"k{who}", NOON)
        except programmes.Refused:
            return 1
        return 0

    connection.ensure_connection()
    assert sorted(ended([child(partial(spend, who)) for who in range(6)])) == [0, 0, 0, 1, 1, 1]
    with tenancy.organisation(member.organisation_id):
        assert programmes.balance(row).spent == 90
