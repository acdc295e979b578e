"""A finding on a site stopped for suspected child material: nothing leaves and nobody looks; after a false alarm it
goes on where it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from efface.engine.base.models import Deadline
from efface.search import stopping
from efface.search.models import Finding
from efface.search.stopping import Cause
from efface.takedown.models import Notice, Route
from tests.takedown.conftest import Office

pytestmark = pytest.mark.django_db


def _stop(office: Office, finding: Finding) -> Any:
    cause = Cause("person", ("finding",), "caseworker:1", office.case.organisation_id)
    return stopping.stop(finding.site, cause, [str(finding.page_url)], office.now)


def _false_alarm(office: Office, stop: Any) -> None:
    stopping.doubt(stop.pk, "a mistake", "lead:1", office.now)
    assert stopping.agree(stop.pk, "indeed", "lead:2", office.now)


def test_nothing_leaves_and_nobody_looks_until_it_was_a_false_alarm(office: Office, now: datetime) -> None:
    finding = office.finding()
    office.work()
    office.approve(route__role="operator")
    office.work()
    sent = len(office.mails())
    assert sent and Notice.objects.filter(state=Notice.State.DRAFT).exists()
    stop = _stop(office, finding)
    office.work()
    office.hours(24 * 20)
    assert len(office.mails()) == sent
    assert not Notice.objects.filter(state__in=(Notice.State.DRAFT, Notice.State.QUEUED)).exists()
    assert set(Route.objects.values_list("state", flat=True)) == {Route.State.DROPPED}
    assert not Deadline.objects.filter(subject=finding.pk, state="waiting").exists()
    _false_alarm(office, stop)
    asked = office.route("operator")
    assert asked.state == Route.State.ACTIVE, "who was asked is waited for"
    assert set(Route.objects.exclude(pk=asked.pk).values_list("state", flat=True)) == {Route.State.PLANNED}
    office.work()
    finding.refresh_from_db()
    assert finding.stopped == ""
    assert Deadline.objects.filter(subject=finding.pk, state="waiting").exists(), "it is looked at again"
    office.hours(24 * 3)
    assert Notice.objects.filter(state=Notice.State.DRAFT).exists(), "what was taken back is written anew"


def test_a_finding_under_18_stays_stopped_after_a_false_alarm(office: Office) -> None:
    from efface.search import deciding

    finding = office.finding()
    office.work()
    deciding.set_age(finding, "minor", "lead:1", office.now)
    stop = _stop(office, finding)
    _false_alarm(office, stop)
    finding.refresh_from_db()
    assert finding.stopped == deciding.UNDER_18
    assert set(Route.objects.values_list("state", flat=True)) == {Route.State.DROPPED}
