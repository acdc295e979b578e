"""Captures: once an episode, adults only, whatever dies in between."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from efface.cases import consents, events
from efface.cases.models import Case, CaseEvent
from efface.engine.base import clock, deadlines, objects, settings
from efface.engine.base.models import Deadline
from efface.evidence import capturing, verifying
from efface.evidence.models import Capture, Custody
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import Captured, FetchFacts
from efface.search.models import Finding
from tests.casework import ScriptedFetcher, captured, make_case, make_finding
from tests.conftest import role
from tests.evidence.conftest import Tsa

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(inside: Any, now: datetime) -> Case:
    return make_case(inside)


@pytest.fixture
def finding(case: Case) -> Finding:
    return make_finding(case)


def run(finding: Finding) -> None:
    capturing.capture(organisation=finding.organisation_id, finding=finding.pk)


def waiting(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [name])
        return int(cursor.fetchone()[0])


def kinds() -> list[str]:
    return list(CaseEvent.objects.filter(kind__startswith="finding.").values_list("kind", flat=True))


def test_captured_once_however_often_the_job_runs(finding: Finding, fetcher: ScriptedFetcher) -> None:
    fetcher.answers["capture"] = captured()
    for _ in range(3):
        run(finding)
    capture = Capture.objects.get()
    assert kinds() == ["finding.captured"] and len(fetcher.asked) == 1
    assert list(Custody.objects.values_list("action", "sha256")) == [("captured", capture.warc_sha256)]
    assert verifying.verify(capture).problems == () and verifying.verify(capture).records == 5


def test_two_jobs_at_once_leave_one_capture_and_one_object(finding: Finding, fetcher: ScriptedFetcher) -> None:
    def other_comes_first(request: Any) -> Captured:
        fetcher.answers["capture"] = captured()
        run(finding)
        return captured(html="later")

    before = sum(1 for path in (settings.data_folder() / "objects").rglob("*") if path.is_file())
    fetcher.answers["capture"] = other_comes_first
    run(finding)
    assert Capture.objects.count() == 1 and kinds() == ["finding.captured"]
    assert sum(1 for path in (settings.data_folder() / "objects").rglob("*") if path.is_file()) == before + 1


@pytest.mark.parametrize("age", ["unknown", "minor"])
def test_never_before_the_age_is_known(case: Case, fetcher: ScriptedFetcher, age: str) -> None:
    finding = make_finding(case, age=age)
    events.record(case, "finding.confirmed", "engine", subject=finding.pk)
    assert waiting("evidence.capturing.capture") == 0
    fetcher.answers["capture"] = captured()
    run(finding)
    assert fetcher.asked == [] and Capture.objects.count() == 0
    Finding.objects.filter(pk=finding.pk).update(age="adult")
    events.record(case, "finding.age_known", "survivor", subject=finding.pk)
    assert waiting("evidence.capturing.capture") == 1


def test_a_paused_case_waits_and_catches_up(case: Case, finding: Finding, fetcher: ScriptedFetcher,
                                            now: datetime) -> None:
    fetcher.answers["capture"] = captured()
    consents.stop(case, "survivor", now)
    run(finding)
    assert fetcher.asked == []
    consents.resume(case, "survivor", now)
    assert waiting("evidence.capturing.capture") == 1
    run(finding)
    assert Capture.objects.count() == 1


def test_a_return_is_captured_anew(finding: Finding, fetcher: ScriptedFetcher) -> None:
    fetcher.answers["capture"] = captured()
    run(finding)
    Finding.objects.filter(pk=finding.pk).update(episode=2)
    run(finding)
    assert list(Capture.objects.order_by("episode").values_list("episode", flat=True)) == [1, 2]


def test_a_fetcher_that_is_away_is_waited_for(finding: Finding, fetcher: ScriptedFetcher, now: datetime) -> None:
    fetcher.answers["capture"] = FetcherUnavailable("down")
    for _ in range(9):
        run(finding)
    assert kinds() == [] and Deadline.objects.get(kind="capture.again").due == now + timedelta(minutes=10)
    with clock.fixed(now + timedelta(minutes=10)) as later, role("efface_engine"):
        assert deadlines.fire(later) == 1
    assert waiting("evidence.capturing.capture") == 1


@pytest.mark.parametrize("answer", [FetcherRefused("refused"), Captured(FetchFacts("http://x.x/", error="timeout"))])
def test_a_page_that_never_answers_holds_nothing_up(finding: Finding, fetcher: ScriptedFetcher, now: datetime,
                                                    answer: Any) -> None:
    fetcher.answers["capture"] = answer
    due = []
    for _ in range(4):
        run(finding)
        due.append(Deadline.objects.get(kind="capture.again").due)
    hours = [6, 6, 24]
    assert due[:3] == [now + timedelta(hours=hour) for hour in hours]
    assert kinds() == ["finding.uncaptured"] and Capture.objects.count() == 0


def test_a_return_has_its_own_tries(finding: Finding, fetcher: ScriptedFetcher) -> None:
    fetcher.answers["capture"] = FetcherRefused("refused")
    for _ in range(4):
        run(finding)
    Finding.objects.filter(pk=finding.pk).update(episode=2)
    run(finding)
    assert kinds() == ["finding.uncaptured"] and Deadline.objects.get(kind="capture.again").state == "waiting"


def test_an_error_page_is_evidence_too(finding: Finding, fetcher: ScriptedFetcher) -> None:
    fetcher.answers["capture"] = captured(status=404)
    run(finding)
    assert Capture.objects.count() == 1


def stamp(capture: Capture) -> Capture:
    from efface.evidence.stamping import stamp as job

    job(organisation=capture.organisation_id, capture=capture.pk)
    capture.refresh_from_db()
    return capture


@pytest.fixture
def capture(finding: Finding, fetcher: ScriptedFetcher) -> Capture:
    fetcher.answers["capture"] = captured()
    run(finding)
    return Capture.objects.get()


def test_stamped_once_and_verified_against_the_authority(capture: Capture, tsa: Tsa, now: datetime) -> None:
    stamp(capture)
    token = stamp(capture).token
    assert capture.stamped_at == now and capture.stamp_error == ""
    assert list(capture.custody.order_by("id").values_list("action", flat=True)) == ["captured", "stamped"]
    found = verifying.verify(capture)
    assert found and found.signed and found.stamped_at == now and capture.token == token


def test_the_authority_being_away_delays_the_stamp_only(capture: Capture, tsa: Tsa, now: datetime,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EFFACE_TSA_URL", "http://127.0.0.1:1/tsa")
    assert stamp(capture).token is None and "could not be asked" in capture.stamp_error
    due = Deadline.objects.get(kind="capture.stamp").due
    assert due == now + timedelta(hours=6) and verifying.verify(capture)
    monkeypatch.setenv("EFFACE_TSA_URL", tsa.url)
    with clock.fixed(due), role("efface_engine"):
        deadlines.fire(due)
    assert waiting("evidence.stamping.stamp") == 1
    assert stamp(capture).stamped_at is not None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda answer: b"not DER", "no timestamp"),
        (lambda answer: b"0" * 70_000, "too long"),
        (lambda answer: "http://169.254.169.254/", "could not be asked"),
        (lambda answer: answer[:-3] + bytes(byte ^ 1 for byte in answer[-3:]), "signature"),
    ],
)
def test_a_bad_answer_is_no_stamp(capture: Capture, tsa: Tsa, wrong: Any, words: str) -> None:
    tsa.mend = wrong
    assert stamp(capture).token is None and words in capture.stamp_error


def test_a_stamp_of_something_else_is_none(capture: Capture, tsa: Tsa) -> None:
    from efface.evidence import stamp as authority

    other = authority.ask(tsa.url, b"another file")
    tsa.mend = lambda answer: other.token
    assert stamp(capture).token is None and "something else" in capture.stamp_error


def test_a_swapped_file_is_noticed(capture: Capture) -> None:
    from efface.evidence import warc

    other = objects.put(capture.case_id, warc.build(captured(html="other"), "http://x.example/", clock.now()))
    Capture.objects.filter(pk=capture.pk).update(warc=other)
    capture.refresh_from_db()
    assert "the file is not the one that was captured" in verifying.verify(capture).problems
    objects.remove(other)
    assert "cannot be opened" in verifying.verify(capture).problems[0]
