"""A worker may die anywhere and a job may run again: nothing is half done, nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from efface.engine.base import clock, outbox
from efface.engine.base.models import Outbox
from efface.evidence import capturing, fetching
from efface.evidence.models import Capture
from efface.search.models import Finding
from efface.takedown import drafting, ladder, planning, sending, verifying
from efface.takedown.models import Approval, Check, Notice, Outcome, Route
from tests.conftest import NOON
from tests.takedown.conftest import Office, observation

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    pass


def die(*_: Any, **__: Any) -> Any:
    raise Killed


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (fetching, "patiently"), (planning, "apply"), (planning, "_merge"), (ladder, "begin_due"), (drafting, "draft"),
        (ladder, "_draft"), (planning, "_wake"),
    ],
)  # fmt: skip
def test_planning(office: Office, monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
    finding = office.finding()
    with monkeypatch.context() as patch, pytest.raises(Killed), clock.fixed(NOON):
        patch.setattr(where, name, die)
        planning.advance(organisation=finding.organisation_id, finding=finding.pk)
    assert Route.objects.count() == 0 and Notice.objects.count() == 0
    for _ in range(2):
        planning.advance(organisation=finding.organisation_id, finding=finding.pk)
    assert Route.objects.count() == 5 and Notice.objects.count() == 2


@pytest.mark.parametrize(
    ("where", "name"), [(sending, "release"), (outbox, "queue_message"), (outbox, "_defer")]
)
def test_approving(office: Office, monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
    office.finding()
    office.work()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(where, name, die)
        office.approve(route__role="operator")
    assert Approval.objects.count() == 0 and office.notice("operator").state == "draft" and Outbox.objects.count() == 0
    office.approve(route__role="operator")
    office.work()
    assert office.mails() == [("dmca@pictures.example", "1")]


def _after(function: Callable[..., Any]) -> Callable[..., Any]:
    """Do it, then die: the worst moment."""

    def inner(*args: Any, **kwargs: Any) -> Any:
        function(*args, **kwargs)
        raise Killed

    return inner


def test_sent_but_not_said_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail left and the worker died before it could be written down: a person is asked, nothing leaves twice."""
    office.finding()
    office.work()
    office.approve(route__role="operator")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(outbox.smtp, "submit", _after(outbox.smtp.submit))
        office.work()
    row = Outbox.objects.get()
    assert row.state == "sending" and len(office.desk.got) == 1
    outbox.send(organisation=row.organisation_id, outbox=row.pk)
    office.hours(72)
    row.refresh_from_db()
    assert row.state == "ambiguous" and office.notice("operator").state == "ambiguous"
    assert [to for to, _ in office.mails()].count("dmca@pictures.example") == 1
    sending.resolve(row, "sent", office.user, office.now)
    assert office.notice("operator").sent_at == NOON


@pytest.mark.parametrize(("where", "name"), [(verifying, "_follow"), (verifying, "_next"), (ladder, "close_all")])
def test_checking(office: Office, monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
    finding = office.finding()
    office.work()
    office.approve()
    office.work()
    office.fetcher.answers["observe"] = lambda request: observation(404, 404, request=request)
    office.hours(90)
    office.now += timedelta(hours=24)
    before = (Check.objects.count(), Finding.objects.get().state)
    assert before[1] == "gone-provisional"
    with monkeypatch.context() as patch, pytest.raises(Killed), clock.fixed(office.now):
        patch.setattr(where, name, die)
        verifying.check(organisation=finding.organisation_id, finding=finding.pk)
    assert (Check.objects.count(), Finding.objects.get().state) == before
    with clock.fixed(office.now):
        for _ in range(3):
            verifying.check(organisation=finding.organisation_id, finding=finding.pk)
    assert Finding.objects.get().state == "gone-confirmed" and office.happened("finding.gone") == 1
    assert Outcome.objects.filter(removed=True).count() == 1


def test_capturing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.casework import make_finding

    finding = make_finding(office.case)
    with monkeypatch.context() as patch, pytest.raises(Killed), clock.fixed(NOON):
        patch.setattr(capturing.custody, "of_capture", die)
        capturing.capture(organisation=finding.organisation_id, finding=finding.pk)
    assert Capture.objects.count() == 0
    for _ in range(2):
        capturing.capture(organisation=finding.organisation_id, finding=finding.pk)
    assert Capture.objects.count() == 1 and office.happened("finding.captured") == 1
