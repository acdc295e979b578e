"""The jobs of search around sources and watching: deferred once by what falls due, for one organisation, with ids
alone; and run with the one way to the fetcher, within the time that the clock allows."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from efface.cases import events
from efface.cases.models import Case, ReportedLink
from efface.engine.base import clock, deadlines, settings, tenancy
from efface.engine.base.jobs import NoOrganisation
from efface.engine.base.models import Deadline, Installation
from efface.net.client import FetcherGone, FetcherRefused
from efface.net.protocol import Answered, Limits, QuestionRequest
from efface.search import deadlines as due
from efface.search import jobs, watch
from efface.search.models import Finding, Frontier, SourceUse
from efface.search.sources import asking
from efface.search.suspicion import known
from efface.search.suspicion.contract import ListUnavailable
from efface.sites import stopped
from efface.sites.models import Site
from tests.conftest import make_organisation
from tests.search.test_sources import FOUND, Service, case  # noqa: F401 - a fixture
from tests.search.test_watch import finding  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def waiting(name: str) -> list[dict[str, Any]]:
    """Arguments and locks of the jobs of that name that wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args, queueing_lock, queue_name FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %s"
            " ORDER BY id", [name],
        )  # fmt: skip
        return [
            {"args": json.loads(args) if isinstance(args, str) else args, "once": once, "queue": queue}
            for args, once, queue in cursor.fetchall()
        ]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service(FOUND)
    monkeypatch.setattr(stopped, "fetcher", lambda: made)
    return made


@pytest.mark.parametrize("job", [jobs.ask_sources, jobs.watch], ids=["ask_sources", "watch"])
def test_they_belong_to_one_organisation_and_carry_ids_alone(job: Any, organisation: Any) -> None:
    name = job.name
    assert name in ("search.jobs.ask_sources", "search.jobs.watch") and not job.system
    about = {"case" if "sources" in name else "finding": uuid.uuid4()}
    with pytest.raises(NoOrganisation):
        job.defer(**about)
    job.defer(organisation=organisation.pk, once="x", **about)
    (row,) = waiting(name)
    assert row["queue"] == "crawl" and "crawl" in settings.QUEUES
    assert {uuid.UUID(value) for value in row["args"].values()} == {organisation.pk, *about.values()}


@pytest.mark.parametrize(
    ("kind", "handler", "name", "word"),
    [(asking.DUE, due.sources_are_due, "search.jobs.ask_sources", "case"),
     (watch.DUE, due.watch_is_due, "search.jobs.watch", "finding")],
)  # fmt: skip
def test_what_falls_due_twice_waits_once(
    organisation: Any, now: datetime, kind: str, handler: Any, name: str, word: str
) -> None:
    subject, other = uuid.uuid4(), uuid.uuid4()
    with tenancy.organisation(organisation.pk):
        rows = [deadlines.set_deadline(kind, one, now, organisation=organisation.pk) for one in (subject, other)]
        for row in Deadline.objects.filter(kind=kind).order_by("pk"):
            handler(row, now)
            handler(row, now)
    assert len(rows) == 2
    found = waiting(name)
    assert {one["args"][word] for one in found} == {str(subject), str(other)} and len(found) == 2
    assert len({one["once"] for one in found}) == 2


@pytest.mark.parametrize("handler", [due.sources_are_due, due.watch_is_due])
def test_what_is_nobody_s_defers_nothing(now: datetime, handler: Any) -> None:
    handler(Deadline(kind="x", subject=uuid.uuid4(), due=now), now)
    assert waiting("search.jobs.ask_sources") == waiting("search.jobs.watch") == []


def test_asking_takes_the_guarded_way_with_the_case_s_words(
    organisation: Any, case: Case, service: Service, now: datetime  # noqa: F811
) -> None:  # fmt: skip
    jobs.ask_sources(organisation=organisation.pk, case=case.pk)
    assert len(service.asked) == 2
    assert {one.limits for one in service.asked} == {Limits()}
    with tenancy.organisation(organisation.pk):
        assert SourceUse.objects.get().asked == 2
        assert ReportedLink.objects.filter(by="source:searxng").count() == 2
        assert Deadline.objects.get(kind=asking.DUE, subject=case.pk).due == now + asking.EVERY


def test_asking_twice_costs_its_share_and_brings_nothing_twice(
    organisation: Any, case: Case, service: Service  # noqa: F811
) -> None:  # fmt: skip
    for _ in range(2):
        jobs.ask_sources(organisation=organisation.pk, case=case.pk)
    with tenancy.organisation(organisation.pk):
        assert ReportedLink.objects.filter(by="source:searxng").count() == 2
        assert SourceUse.objects.get().asked == 4
        assert Deadline.objects.filter(kind=asking.DUE, subject=case.pk, state="waiting").count() == 1


def test_under_a_driven_clock_a_question_is_short(
    organisation: Any, case: Case, service: Service, now: datetime  # noqa: F811
) -> None:  # fmt: skip
    Installation.objects.update(virtual_now=now)
    jobs.ask_sources(organisation=organisation.pk, case=case.pk)
    assert {one.limits.total_s for one in service.asked} == {jobs.DRIVEN_FETCH_S}


@pytest.mark.parametrize("error", [FetcherGone("x"), FetcherRefused("stopped")])
def test_a_fetcher_that_gives_no_answer_costs_the_question_and_no_more(
    organisation: Any, case: Case, service: Service, monkeypatch: pytest.MonkeyPatch, error: Exception  # noqa: F811
) -> None:  # fmt: skip
    def fail(request: QuestionRequest) -> Answered:
        raise error

    monkeypatch.setattr(service, "question", fail)
    jobs.ask_sources(organisation=organisation.pk, case=case.pk)
    with tenancy.organisation(organisation.pk):
        assert SourceUse.objects.get().asked == 2 and not ReportedLink.objects.exists()
        assert Deadline.objects.filter(kind=asking.DUE, subject=case.pk).exists(), "it is asked again another day"


def test_another_organisation_s_case_is_not_asked_for(
    organisation: Any, case: Case, service: Service  # noqa: F811
) -> None:  # fmt: skip
    jobs.ask_sources(organisation=make_organisation("Second").pk, case=case.pk)
    assert service.asked == []
    jobs.ask_sources(organisation=organisation.pk, case=uuid.uuid4())
    assert service.asked == []


def test_a_result_on_a_stopped_site_is_not_written_down(
    organisation: Any, case: Case, service: Service  # noqa: F811
) -> None:  # fmt: skip
    Site.objects.filter(domain="known.example").update(state=Site.State.STOPPED)
    jobs.ask_sources(organisation=organisation.pk, case=case.pk)
    with tenancy.organisation(organisation.pk):
        assert [row.url for row in ReportedLink.objects.all()] == ["https://unknown.example/p/2"]
    assert not Frontier.objects.filter(site__domain="known.example").exists()


def test_watching_looks_at_mirrors_and_sets_the_next_day(
    organisation: Any, finding: Finding, now: datetime  # noqa: F811
) -> None:  # fmt: skip
    jobs.watch(organisation=organisation.pk, finding=finding.pk)
    assert Frontier.objects.filter(site__domain="new.example").count() == 1
    with tenancy.organisation(organisation.pk):
        first = Deadline.objects.get(kind=watch.DUE, subject=finding.pk).due
    assert first > now
    with clock.fixed(now + timedelta(days=1)):
        jobs.watch(organisation=organisation.pk, finding=finding.pk)
    with tenancy.organisation(organisation.pk):
        assert Deadline.objects.get(kind=watch.DUE, subject=finding.pk).due > first


def test_watching_ends_with_what_is_stopped_and_sees_no_other_organisation_s(
    organisation: Any, finding: Finding  # noqa: F811
) -> None:  # fmt: skip
    jobs.watch(organisation=make_organisation("Second").pk, finding=finding.pk)
    with tenancy.organisation(organisation.pk):
        Finding.objects.filter(pk=finding.pk).update(stopped="x")
    jobs.watch(organisation=organisation.pk, finding=finding.pk)
    assert not Frontier.objects.exists()
    with tenancy.organisation(organisation.pk):
        assert not Deadline.objects.filter(kind=watch.DUE).exists()


def test_a_sibling_that_was_stopped_is_not_looked_at(
    organisation: Any, finding: Finding  # noqa: F811
) -> None:  # fmt: skip
    Site.objects.filter(domain="new.example").update(state=Site.State.STOPPED)
    jobs.watch(organisation=organisation.pk, finding=finding.pk)
    assert {row.site.domain for row in Frontier.objects.select_related("site")} == {"old.example"}


@pytest.mark.parametrize("kind", ["finding.confirmed", "finding.gone", "finding.reappeared"])
def test_news_of_a_finding_has_its_surroundings_watched(
    organisation: Any, finding: Finding, now: datetime, kind: str  # noqa: F811
) -> None:  # fmt: skip
    with tenancy.organisation(organisation.pk):
        events.record(finding.case, kind, "engine", subject=finding.pk, now=now)
        assert Deadline.objects.filter(kind=watch.DUE, subject=finding.pk).count() == 1


def test_the_crawl_s_tools_hold_pages_against_the_list_and_stand_still_where_it_is_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    known.forget_cache()
    assert jobs.tools(False).suspicion.known is None
    monkeypatch.setenv("EFFACE_CHILD_LIST", str(tmp_path / "absent"))
    broken = jobs.tools(True)
    assert broken.limits.total_s == jobs.DRIVEN_FETCH_S and broken.suspicion.known is not None
    with pytest.raises(ListUnavailable):
        broken.suspicion.known.holds([])
    known.forget_cache()
