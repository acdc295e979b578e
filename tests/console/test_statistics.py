"""Statistics on screen, as files and published: what is protected stays so in each of them."""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

import efface
from efface.accounts import doorkeeper
from efface.accounts.models import AuditEntry
from efface.cases.models import Case, Consent
from efface.engine.base import catalogues, clock, deadlines, sealing, tenancy
from efface.engine.base.models import Deadline
from efface.search.models import Finding, Match
from efface.takedown.figures import counting, exposure, keeping, protect, sample
from efface.takedown.figures.models import StatisticsDay, StatisticsReport, StatisticsRun
from efface.takedown.models import Route
from tests import messages, people

pytestmark = pytest.mark.django_db
PAGE = "/console/statistics/"


@pytest.fixture(autouse=True)
def no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws of nothing, so that figures can be told beforehand. What draws are for: ``tests/takedown/figures``."""
    monkeypatch.setattr(protect, "drawn", lambda: 0)


def cases(organisation: Any, now: Any, number: int, state: str = "open", *, allow: bool = True, age: int = 10) -> list:
    """So many cases that may be counted, opened ``age`` days ago."""
    made = Case.objects.bulk_create(
        Case(organisation=organisation, reference=f"{state[:2]}{age}-{n}-{allow:d}", state=state,
             opened_at=now - timedelta(days=age), closed_at=now if state == "closed" else None)
        for n in range(number)
    )  # fmt: skip
    for one in made:
        sealing.make_case_key(one.pk, organisation.pk)
    if allow:
        Consent.objects.bulk_create(
            Consent(organisation=organisation, case=one, purpose="statistics", given_at=one.opened_at,
                    expires_at=now + timedelta(days=300))
            for one in made
        )  # fmt: skip
    return made


def finding(case: Any, now: Any, *, gone_after: float | None, days: float = 9, notice: str = "dsa16",
            host: str = "host:one") -> Any:  # fmt: skip
    """Confirmed ``days`` ago, gone so many days after, asked for at a host."""
    confirmed = now - timedelta(days=days)
    match = people.make_match(case, state="confirmed", page=f"https://pictures.example/{uuid.uuid4()}")
    made = Finding(
        organisation_id=case.organisation_id, case=case, match=match, site=people.make_site(), age="adult",
        state="live" if gone_after is None else "gone-confirmed", confirmed_at=confirmed,
        gone_at=None if gone_after is None else confirmed + timedelta(days=gone_after),
    )  # fmt: skip
    made.save()
    Route.objects.create(
        organisation_id=case.organisation_id, case=case, finding=made, episode=1, position=0, party_key=host,
        role="host", country="NL", channel="email", contact="x@host.example", notice_type=notice, why="", exposure="",
        planned_at=confirmed, starts_at=confirmed, state="active",
    )  # fmt: skip
    return made


@pytest.fixture
def counted(organisation: Any, now: Any) -> Any:
    """Forty open, twelve solved, two failed, and nine who did not allow counting."""
    with tenancy.organisation(organisation.pk):
        for case in cases(organisation, now, 40, age=40)[:20]:
            finding(case, now, gone_after=None)
        for n, case in enumerate(cases(organisation, now, 12, "closed", age=70)):
            finding(case, now, gone_after=1 + n % 6)
        for case in cases(organisation, now, 2, "closed", age=200):
            finding(case, now, gone_after=None, host="host:two")
        cases(organisation, now, 9, allow=False)
        return keeping.keep(organisation.pk, now)


def test_what_is_counted_and_what_is_kept_back(counted: Any) -> None:
    figures = counted.figures
    assert figures["cases"]["total"] == 55 and figures["cases"]["parts"]["open"] == 40
    assert figures["cases"]["parts"]["failed"] is None and figures["cases"]["parts"]["unfound"] is None
    assert figures["cases"]["parts"]["solved"] is None, "company of two who would be told of by the sum"
    assert figures["removal"]["n"] == 35 and figures["removal"]["gone"] == 10
    hosts = figures["by"]["host"]
    assert not any(row["name"] == "host:two" for row in hosts)
    assert counted.kept["cases"]["failed"][0] == 2, "the truth is kept for the next day only"


def test_who_did_not_allow_it_or_took_it_back_is_not_counted(organisation: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        cases(organisation, now, 20, allow=False)
        cases(organisation, now, 15, age=3)
        assert keeping.keep(organisation.pk, now).figures["cases"]["total"] == 15
        Consent.objects.update(withdrawn_at=now)
        assert keeping.keep(organisation.pk, now + timedelta(days=1)).figures["cases"]["total"] is None


def test_one_more_case_the_next_day_changes_no_figure(organisation: Any, counted: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        cases(organisation, now, 3, age=1)
        after = keeping.keep(organisation.pk, now + timedelta(days=1)).figures
    for table in ("cases", "open_age", "removal", "by"):
        assert after[table] == counted.figures[table]


def test_counting_often_on_one_day_tells_no_more(organisation: Any, counted: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        for n in range(11):
            cases(organisation, now, 1, age=n + 1)
            assert keeping.keep(organisation.pk, now).figures["cases"] == counted.figures["cases"]
        cases(organisation, now, 1, age=13)
        assert keeping.keep(organisation.pk, now).figures["cases"]["parts"]["open"] == 50


def test_a_group_of_one_person_s_many_findings_is_kept_back(organisation: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        made = cases(organisation, now, 8, age=30)
        for n in range(40):
            finding(made[0], now, gone_after=n / 10, host="host:hers")
        for n, case in enumerate(made):
            finding(case, now, gone_after=n / 7, host="host:hers")
        rows = keeping.keep(organisation.pk, now).figures["by"]["host"]
    assert rows == []


def test_the_page_counts_nothing(organisation: Any, counted: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its queries are the same for few and for many, and none of them reads cases."""
    monkeypatch.setattr(doorkeeper, "MINUTE_S", 1e9)
    desk = people.signed_in(people.worker(organisation, "coordinator"))
    desk.get(PAGE)
    with CaptureQueriesContext(connection) as seen:
        page = desk.get(PAGE)
    assert page.status_code == 200 and len(seen) <= 25
    assert not any("cases_case" in one["sql"] or "search_finding" in one["sql"] for one in seen.captured_queries)


def test_the_page_shows_charts_and_tables_and_no_other_filter(organisation: Any, counted: Any) -> None:
    desk = people.signed_in(people.worker(organisation, "lead"))
    page = desk.get(PAGE).content.decode()
    assert page.count("<svg") >= 4 and page.count('role="img"') == page.count("<svg")
    assert "kept back" in page and "<title " in page and "<desc " in page
    odd = desk.get(PAGE + "?by=worker&country=DE&from=2026-03-01&case=1").content.decode()
    same = [re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", one) for one in (page, odd)]
    assert same[0] == same[1]


def test_before_anything_was_counted(organisation: Any, now: Any) -> None:
    desk = people.signed_in(people.worker(organisation, "coordinator"))
    page = desk.get(PAGE).content.decode()
    assert "Nothing has been counted yet" in page and "Count now" in page
    assert desk.get("/console/statistics/export/csv/").status_code == 302
    with tenancy.organisation(organisation.pk):
        row = Deadline.objects.get(key=f"{keeping.COUNT}:{organisation.pk}")
    assert row.due > now and desk.post(PAGE + "count/").status_code == 302


def test_in_pieces_it_is_the_same(organisation: Any, counted: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with tenancy.organisation(organisation.pk):
        monkeypatch.setattr(counting, "piece", functools.partial(counting.piece, most=7))
        StatisticsDay.objects.update(day=now.date() - timedelta(days=1), kept={})
        again = keeping.keep(organisation.pk, now)
        assert again.figures == counted.figures and again.kept == counted.kept
        run = StatisticsRun.objects.get()
        assert run.cases == 54 and run.ended_at and run.after is None and run.tally == {}


def test_the_job_goes_on_piece_by_piece_and_the_page_says_so(
    organisation: Any, counted: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "piece", functools.partial(counting.piece, most=20))
    waiting = ProcrastinateJob.objects.filter(task_name=keeping.count.name, status="todo")
    desk = people.signed_in(people.worker(organisation, "coordinator"))
    with clock.fixed(now + timedelta(hours=1)):
        desk.post(PAGE + "count/")
        desk.post(PAGE + "count/")
        assert waiting.count() == 1
        for pieces in (1, 2):
            waiting.delete()
            keeping.count(organisation=organisation.pk)
            page = desk.get(PAGE).content.decode()
            assert f"{pieces * 20} cases are counted so far" in page and "Counted as of 2 March 2026, 12:00" in page
            assert waiting.count() == 1, "the next piece waits"
        waiting.delete()
        keeping.count(organisation=organisation.pk)
        page = desk.get(PAGE).content.decode()
        assert "being counted now" not in page and "Counted as of 2 March 2026, 13:00" in page
        assert waiting.count() == 0


def test_it_is_counted_as_of_one_moment(organisation: Any, counted: Any, now: Any,
                                        monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """What opens, closes or goes while it is being counted is counted the next time, wherever the count has come to."""
    monkeypatch.setattr(counting, "piece", functools.partial(counting.piece, most=20))
    with tenancy.organisation(organisation.pk):
        StatisticsDay.objects.all().update(day=now.date() - timedelta(days=1), kept={})
        keeping.start(organisation.pk, now)
        assert keeping.step(organisation.pk) is None
        later = now + timedelta(minutes=5)
        for one in Finding.objects.filter(gone_at=None):
            Finding.objects.filter(pk=one.pk).update(gone_at=later)
        Case.objects.filter(state="open").update(state="closed", closed_at=later)
        cases(organisation, later, 30, age=0)
        while (row := keeping.step(organisation.pk)) is None:
            pass
        assert row.figures == counted.figures


def test_a_count_that_was_left_lying_is_begun_anew(organisation: Any, counted: Any, now: Any,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(counting, "piece", functools.partial(counting.piece, most=20))
    with tenancy.organisation(organisation.pk):
        keeping.start(organisation.pk, now)
        keeping.step(organisation.pk)
        keeping.start(organisation.pk, now + timedelta(hours=1))
        assert StatisticsRun.objects.get().cases == 20
        keeping.start(organisation.pk, now + timedelta(days=1))
        assert (run := StatisticsRun.objects.get()).cases == 0 and run.moment == now + timedelta(days=1)


def test_it_is_counted_each_night(organisation: Any, counted: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        keeping.begin(organisation.pk, now)
        keeping.begin(organisation.pk, now + timedelta(hours=1))
    first = keeping.next_time(now)
    from tests.conftest import role

    with role("efface_engine"):
        assert deadlines.fire(first) == 1
        assert Deadline.objects.get(key=f"{keeping.COUNT}:{organisation.pk}").due == first + timedelta(days=1)


def test_page_files_report_and_command_tell_the_same(organisation: Any, counted: Any, coordinator: Any) -> None:
    """No two ways out differ: whoever lays them beside each other learns nothing."""
    _publish(coordinator)
    coordinator.post(PAGE + "switch/", {"public": "yes"})
    url = f"/console/report/{organisation.short}/1/"
    kept = json.loads(json.dumps(counted.figures))
    mine = json.loads(coordinator.get(PAGE + "export/json/").content)
    published = json.loads(Client().get(url + "json/").content)
    with tenancy.organisation(organisation.pk):
        assert StatisticsDay.objects.get().figures == kept
    assert mine == kept and published == {name: part for name, part in kept.items() if name != "workload"}
    tables = [coordinator.get(PAGE + "export/csv/"), Client().get(url + "csv/")]
    lines = [set(one.content.decode().splitlines()) for one in tables]
    assert {one for one in lines[0] - lines[1] if not one.startswith("workload")} == set() and lines[1] <= lines[0]
    numbers = {str(one) for row in csv.reader(io.StringIO(tables[1].content.decode())) for one in row[3:]}
    pages = [coordinator.get(PAGE).content.decode(), Client().get(url).content.decode()]
    for page in pages:
        cells = set(re.findall(r"<td[^>]*>([0-9,]+)</td>", page))
        assert cells and {one.replace(",", "") for one in cells} <= numbers


def test_files_say_what_the_page_says(organisation: Any, counted: Any) -> None:
    desk = people.signed_in(people.worker(organisation, "auditor"))
    told = json.loads(desk.get("/console/statistics/export/json/").content)
    assert told == json.loads(json.dumps(counted.figures))
    rows = list(csv.DictReader(io.StringIO(desk.get("/console/statistics/export/csv/").content.decode())))
    assert {"table": "cases", "name": "failed", "figure": "people", "value": "kept back"} in rows
    assert {"table": "cases", "name": "all", "figure": "people", "value": "55"} in rows
    assert desk.get("/console/statistics/export/xml/").status_code == 404
    with tenancy.organisation(organisation.pk):
        assert AuditEntry.objects.filter(action="statistics.exported").count() == 2


def test_a_formula_in_a_name_is_no_formula(counted: Any) -> None:
    from efface.takedown.figures import exporting

    figures = json.loads(json.dumps(counted.figures))
    figures["by"]["host"] = [{"name": "=cmd|x", "rest": False, **figures["removal"]}]
    assert "'=cmd|x" in exporting.as_csv(figures) and ",=cmd" not in exporting.as_csv(figures)


# --- Published ---


@pytest.fixture
def coordinator(organisation: Any) -> Client:
    return people.signed_in(people.worker(organisation, "coordinator"))


def _publish(client: Client, title: str = "First half", day: str = "2026-03-02") -> Any:
    return client.post(PAGE + "publish/", {"title": title, "day": day}, follow=True)


def test_nobody_reads_a_report_before_a_coordinator_opens_it(organisation: Any, counted: Any, coordinator: Any) -> None:
    url = f"/console/report/{organisation.short}/"
    assert "Report 1 is published" in _publish(coordinator).content.decode()
    assert Client().get(url).status_code == 404
    coordinator.post(PAGE + "switch/", {"public": "yes"})
    page = Client().get(url)
    assert page.status_code == 200 and page.headers["Cache-Control"] == "public, max-age=3600"
    assert "First half" in page.content.decode() and "csrf" not in page.content.decode()
    told = json.loads(Client().get(url + "1/json/").content)
    assert "workload" not in told and "kept" not in told
    coordinator.post(PAGE + "switch/", {"public": "no"})
    assert Client().get(url).status_code == 404 and Client().get(url + "1/csv/").status_code == 404


def test_a_published_report_is_read_in_two_languages(organisation: Any, counted: Any, coordinator: Any) -> None:
    """The language is in the address, never in the browser's wishes: a cache keeps one page for everybody."""
    _publish(coordinator)
    coordinator.post(PAGE + "switch/", {"public": "yes"})
    url = f"/console/report/{organisation.short}/"
    german, english = (Client().get(f"{url}?l={one}").content.decode() for one in ("de", "en"))
    assert '<html lang="de"' in german and "Was aus Fällen wurde" in german and "2. März 2026" in german
    assert '<html lang="en"' in english and "What became of cases" in english and "March 2, 2026" in english
    asked = Client(headers={"Accept-Language": "fr"}).get(url).content.decode()
    assert asked == german, "of an organisation in Germany, where nothing else is asked for"
    numbers = [re.findall(r"<td[^>]*>([0-9.,]+)</td>", one) for one in (german, english)]
    assert numbers[0] == [one.replace(",", ".") for one in numbers[1]] and numbers[0]


def test_every_sentence_of_a_published_report_is_translated() -> None:
    folder = Path(efface.__file__).parent
    held: dict[str, str] = {}
    for room in ("portal", "console"):
        po = folder / room / "locale" / "de" / "LC_MESSAGES" / "django.po"
        held |= catalogues.read(po.read_text(encoding="utf-8"))
    wanted = dict(messages.in_python((folder / "console" / "figure_words.py").read_text(encoding="utf-8")))
    wanted |= dict(messages.in_python((folder / "accounts" / "invoicing.py").read_text(encoding="utf-8").partition(
        "# --- Out of the house ---")[2].partition("def day(")[0]))  # fmt: skip
    for name in ("public_report", "_figures", "_figures_how"):
        wanted |= dict(messages.in_template((folder / f"console/templates/console/{name}.html").read_text("utf-8")))
    keys = {one + ("\0" + many if many else "") for one, many in wanted.items()}
    assert len(keys) > 50 and {key for key in keys if key not in held} == set()


def test_a_published_report_never_changes(organisation: Any, counted: Any, coordinator: Any, now: Any) -> None:
    coordinator.post(PAGE + "switch/", {"public": "yes"})
    _publish(coordinator)
    url = f"/console/report/{organisation.short}/1/json/"
    before = Client().get(url).content
    with tenancy.organisation(organisation.pk):
        cases(organisation, now, 50, age=2)
        keeping.keep(organisation.pk, now)
        with pytest.raises(DatabaseError), transaction.atomic():
            StatisticsReport.objects.update(title="changed")
        with pytest.raises(DatabaseError), transaction.atomic():
            StatisticsReport.objects.all().delete()
    assert Client().get(url).content == before


def test_published_twice_is_published_once_and_a_stale_page_says_so(
    organisation: Any, counted: Any, coordinator: Any, now: Any
) -> None:
    _publish(coordinator)
    _publish(coordinator)
    assert "Newer figures" in _publish(coordinator, day="2026-03-01").content.decode()
    assert "Give the report a title" in _publish(coordinator, title="  ").content.decode()
    with tenancy.organisation(organisation.pk):
        assert StatisticsReport.objects.count() == 1


def test_another_organisation_s_reports_are_not_listed(organisation: Any, counted: Any, coordinator: Any) -> None:
    _publish(coordinator, "Ours alone")
    coordinator.post(PAGE + "switch/", {"public": "yes"})
    stranger = people.signed_in(people.worker(people.make_organisation("Another"), "coordinator"))
    assert "Ours alone" not in stranger.get(PAGE).content.decode()
    assert Client().get("/console/report/nobody/").status_code == 404


# --- The sample, and the command ---


def test_the_sample_report_adds_up_and_is_shown(organisation: Any, now: Any) -> None:
    parts = sample.figures()["cases"]["parts"]
    assert parts == {"solved": 2127, "failed": 230, "open": 4949} and sum(parts.values()) == 7306
    desk = people.signed_in(people.worker(organisation, "auditor"))
    page = desk.get(PAGE + "?sample=1").content.decode()
    assert all(number in page for number in ("7,306", "2,127", "230", "4,949")) and "sample report" in page


def test_the_command_shows_the_sample() -> None:
    from efface.cli.statistics import statistics

    told = CliRunner().invoke(statistics, ["--sample"])
    assert told.exit_code == 0 and "7,306 opened" in told.output and "4,949" in told.output
    as_json = json.loads(CliRunner().invoke(statistics, ["--sample", "--json"]).output)
    assert as_json[0]["figures"]["cases"]["total"] == 7306


def test_looks_are_told_as_a_mean_and_never_of_one_person(organisation: Any, now: Any) -> None:
    try:
        exposure.register(lambda organisation, since, until: exposure.Looks(30, 12, 4))
        assert exposure.told(organisation.pk, now) == {"reveals_a_shift": 2.5}
        exposure.register(lambda organisation, since, until: exposure.Looks(30, 12, 2))
        assert exposure.told(organisation.pk, now) == {"reveals_a_shift": None}
    finally:
        exposure._counters.clear()


def test_the_team_s_load_tells_of_no_few_cases(organisation: Any, now: Any) -> None:
    people.worker(organisation, "caseworker")
    with tenancy.organisation(organisation.pk):
        cases(organisation, now, 3, allow=False)
        assert keeping.keep(organisation.pk, now).figures["workload"]["open_each"] is None
        cases(organisation, now, 13, allow=False, age=4)
        first = keeping.keep(organisation.pk, now).figures["workload"]["open_each"]
        cases(organisation, now, 2, allow=False, age=5)
        again = keeping.keep(organisation.pk, now + timedelta(days=1)).figures["workload"]["open_each"]
    assert first == again == 15


def test_what_is_kept_says_nothing_of_one_person(counted: Any) -> None:
    text = json.dumps([counted.figures, counted.kept])
    with tenancy.organisation(counted.organisation_id):
        assert not any(str(pk) in text for pk in Case.objects.values_list("pk", flat=True))
        assert StatisticsDay.objects.count() == 1 and Match.objects.exists()
