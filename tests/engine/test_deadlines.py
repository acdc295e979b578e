"""Deadlines: fired once, effect and next deadline together, a failing handler harms only itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from efface.accounts.models import Programme
from efface.engine.base import deadlines, tenancy
from efface.engine.base.models import Deadline
from tests.conftest import NOON, make_organisation, role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def handlers(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    registered: dict[str, Any] = {}
    monkeypatch.setattr(deadlines, "_handlers", registered)
    monkeypatch.setattr(deadlines, "_together", {})
    yield registered


def test_fires_what_is_due_and_only_that(organisation: Any, handlers: dict[str, Any]) -> None:
    seen: list[uuid.UUID] = []
    handlers["t"] = lambda deadline, now: seen.append(deadline.subject)
    early, late = uuid.uuid4(), uuid.uuid4()
    with tenancy.organisation(organisation.pk):
        deadlines.set_deadline("t", early, NOON, organisation=organisation.pk)
        deadlines.set_deadline("t", late, NOON + timedelta(seconds=1), organisation=organisation.pk)
    with role("efface_engine"):
        assert deadlines.fire(NOON) == 1
        assert deadlines.fire(NOON) == 0
        assert seen == [early]
        assert deadlines.next_due() == NOON + timedelta(seconds=1)


def test_a_handler_runs_inside_its_organisation_and_may_set_the_next(
    organisation: Any, handlers: dict[str, Any]
) -> None:
    def act(deadline: Deadline, now: datetime) -> None:
        Programme.objects.create(organisation_id=deadline.organisation_id, name="made")
        deadlines.set_deadline("t", deadline.subject, now + timedelta(days=1), organisation=deadline.organisation_id)

    handlers["t"] = act
    with tenancy.organisation(organisation.pk):
        deadlines.set_deadline("t", uuid.uuid4(), NOON, organisation=organisation.pk)
    with role("efface_engine"):
        deadlines.fire(NOON)
    with tenancy.organisation(organisation.pk):
        assert Programme.objects.count() == 1
        row = Deadline.objects.get()
        assert (row.state, row.due) == ("waiting", NOON + timedelta(days=1))


def test_a_failing_handler_is_rolled_back_alone_and_comes_again(organisation: Any, handlers: dict[str, Any]) -> None:
    def fail(deadline: Deadline, now: datetime) -> None:
        Programme.objects.create(organisation_id=deadline.organisation_id, name="half done")
        raise ValueError("broken")

    done: list[int] = []
    handlers["bad"], handlers["good"] = fail, lambda deadline, now: done.append(1)
    with tenancy.organisation(organisation.pk):
        deadlines.set_deadline("bad", uuid.uuid4(), NOON, organisation=organisation.pk)
        deadlines.set_deadline("good", uuid.uuid4(), NOON, organisation=organisation.pk)
    with role("efface_engine"):
        deadlines.fire(NOON)
    assert done == [1]
    with tenancy.organisation(organisation.pk):
        assert Programme.objects.count() == 0
        bad = Deadline.objects.get(kind="bad")
        assert (bad.state, bad.attempts, bad.error, bad.due) == (
            "waiting",
            1,
            "ValueError",
            NOON + timedelta(minutes=1),
        )


def test_setting_twice_is_one_deadline(organisation: Any) -> None:
    subject = uuid.uuid4()
    with tenancy.organisation(organisation.pk):
        deadlines.set_deadline("t", subject, NOON, organisation=organisation.pk)
        deadlines.set_deadline("t", subject, NOON + timedelta(hours=1), organisation=organisation.pk)
        assert Deadline.objects.count() == 1
        assert deadlines.cancel(subject=subject) == 1
        assert Deadline.objects.get().state == "cancelled"


def test_many_of_a_kind_are_acted_on_at_once_each_inside_its_organisation(organisation: Any) -> None:
    calls: list[tuple[uuid.UUID | None, int]] = []

    def act(due: list[Deadline], now: datetime) -> None:
        calls.append((due[0].organisation_id, len(due)))
        Programme.objects.create(organisation_id=due[0].organisation_id, name="made")
        deadlines.set_together(
            deadlines.Due("m", one.subject, now + timedelta(days=1), organisation=one.organisation_id, statutory=True)
            for one in due
        )

    deadlines.handler_of_many("m")(act)
    other = make_organisation("Another")
    for one, count in ((organisation, 5), (other, 3)):
        with tenancy.organisation(one.pk):
            deadlines.set_together(
                deadlines.Due("m", uuid.uuid4(), NOON, organisation=one.pk) for _ in range(count)
            )  # fmt: skip
    with role("efface_engine"):
        assert deadlines.fire(NOON) == 8 and deadlines.fire(NOON) == 0
    assert sorted(count for _, count in calls) == [3, 5]
    for one, count in ((organisation, 5), (other, 3)):
        with tenancy.organisation(one.pk):
            assert Programme.objects.count() == 1
            rows = Deadline.objects.all()
            found = [(row.state, row.due, row.statutory) for row in rows]
            assert found == [("waiting", NOON + timedelta(days=1), True)] * count


def test_one_that_cannot_be_acted_on_holds_up_no_other(organisation: Any) -> None:
    bad = uuid.uuid4()

    def act(due: list[Deadline], now: datetime) -> None:
        for one in due:
            Programme.objects.create(organisation_id=one.organisation_id, name=str(one.subject))
            if one.subject == bad:
                raise ValueError("broken")

    deadlines.handler_of_many("m")(act)
    with tenancy.organisation(organisation.pk):
        subjects = [uuid.uuid4(), bad, uuid.uuid4()]
        deadlines.set_together(deadlines.Due("m", one, NOON, organisation=organisation.pk) for one in subjects)
    with role("efface_engine"):
        deadlines.fire(NOON)
    with tenancy.organisation(organisation.pk):
        assert sorted(Programme.objects.values_list("name", flat=True)) == sorted(map(str, (subjects[0], subjects[2])))
        row = Deadline.objects.get(state="waiting")
        assert (row.subject, row.error, row.attempts, row.due) == (bad, "ValueError", 1, NOON + timedelta(minutes=1))
        assert Deadline.objects.filter(state="done").count() == 2


def test_a_kind_has_one_handler() -> None:
    deadlines.handler_of_many("m")(lambda due, now: None)
    for register in (deadlines.handler, deadlines.handler_of_many):
        with pytest.raises(ValueError, match="two handlers"):
            register("m")(lambda due, now: None)  # type: ignore[operator]
