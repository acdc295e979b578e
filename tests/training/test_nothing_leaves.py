"""What is done in training stays on this machine, and touches nothing real: tried at each place that sends."""

from __future__ import annotations

import re
import socket
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

import efface
from efface.accounts.models import Organisation
from efface.cases import links
from efface.cases.active import active_fingerprints
from efface.cases.messages import Unusable
from efface.engine.base import deadlines, outbox, smtp, tenancy, training
from efface.engine.base.jobs import job
from efface.engine.base.models import Deadline, Outbox
from efface.evidence import stamp
from efface.net.client import FetcherRefused, FetcherUnavailable
from efface.net.protocol import TellRequest
from efface.partners import keys
from efface.portal import house
from efface.search.models import Match
from efface.sites import learning, registry, stopped
from efface.sites.contacts import delivery
from efface.sites.models import Asked, Delivery, Site
from efface.takedown.channels.ticket import client as tickets
from efface.takedown.channels.ticket.endpoints import Endpoint
from efface.takedown.figures import keeping, publishing
from efface.takedown.models import Notice
from efface.training import exercises, houses, practising
from tests import people
from tests.conftest import NOON, role

pytestmark = pytest.mark.django_db
LETTER = b"From: desk@example.org\r\nSubject: x\r\n\r\nhello\r\n"


@pytest.fixture
def ear() -> Any:
    """Somebody who listens on this machine: whatever dials there is noticed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        yield listening


def heard(ear: Any) -> bool:
    try:
        ear.accept()[0].close()
    except TimeoutError:
        return False
    return True


def member_of(user: Any, organisation: Any) -> Any:
    from efface.accounts.models import Member

    with tenancy.organisation(organisation.pk):
        return Member.objects.select_related("organisation", "user").get(user=user)


def test_an_organisation_is_for_training_from_the_beginning_or_never(school: Any, organisation: Any) -> None:
    for one, wanted in ((school, False), (organisation, True)):
        for who in ("efface_app", "efface_owner"):
            with pytest.raises(DatabaseError, match="from the beginning"), transaction.atomic(), role(who):
                Organisation.objects.filter(pk=one.pk).update(training=wanted)
    with pytest.raises(houses.Refused):
        houses.reset(organisation, NOON)
    assert "(training)" in school.name


def test_no_mail_is_handed_to_the_mail_server(
    school: Any, organisation: Any, ear: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"smtp_host": "127.0.0.1", "smtp_port": ear.getsockname()[1], "smtp_tls": False}
    known = smtp.settings.get
    monkeypatch.setattr(smtp.settings, "get", lambda name: given.get(name, known(name)))
    monkeypatch.setattr(smtp, "CONNECT_S", 0.3)
    with training.working_for(school.pk):
        assert smtp.submit("desk@example.org", "abuse@host.example", LETTER).text == training.STAYS
    assert not heard(ear)
    with training.working_for(organisation.pk):
        smtp.submit("desk@example.org", "abuse@host.example", LETTER)
    assert heard(ear)


def test_a_message_waits_in_the_outbox_for_ever(school: Any, now: Any) -> None:
    with tenancy.organisation(school.pk):
        case = people.open_case(school).case
        row = outbox.queue_message(
            "notice", uuid.uuid4(), key="t", organisation=school.pk, case=case.pk, sender="desk@example.org",
            recipient="abuse@host.example", data=LETTER, now=now,
        )  # fmt: skip
        assert waiting_jobs(school) == 0
    outbox.send(organisation=school.pk, outbox=row.pk)
    with role("efface_engine"):
        outbox.rescue(now)
    with tenancy.organisation(school.pk):
        assert Outbox.objects.get(pk=row.pk).state == Outbox.State.READY
        assert waiting_jobs(school) == 0


def waiting_jobs(organisation: Any) -> int:
    with connection.cursor() as cursor:
        asked = "SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'organisation' = %s"
        cursor.execute(asked, [str(organisation.pk)])
        return int(cursor.fetchone()[0])


RUN: list[uuid.UUID] = []


@job("mail")
def _usual(organisation: uuid.UUID) -> None:
    RUN.append(organisation)


@job("mail", in_training=True)
def _harmless(organisation: uuid.UUID) -> None:
    RUN.append(organisation)


def test_background_work_is_neither_asked_for_nor_done(school: Any, organisation: Any) -> None:
    RUN.clear()
    for one in (school, organisation):
        _usual.defer(organisation=one.pk)
        _usual(organisation=one.pk)
    assert (waiting_jobs(school), waiting_jobs(organisation)) == (0, 1)
    assert list(RUN) == [organisation.pk]
    _harmless.defer(organisation=school.pk)
    assert waiting_jobs(school) == 1


def test_what_makes_a_pack_is_the_only_work_that_runs_in_training() -> None:
    from procrastinate.contrib.django import app

    import efface.engine.run.urls  # noqa: F401 - every room is there

    seen: list[str] = []
    names = [name for name in app.tasks if name.partition(".")[0] in ("cases", "search", "evidence", "takedown",
                                                                      "partners", "sites", "console")]  # fmt: skip
    assert len(names) > 10
    for name in names:
        module = __import__("efface." + name.rpartition(".")[0], fromlist=["x"])
        one = getattr(module, name.rpartition(".")[2])
        seen += [name] if one.in_training else []
    assert seen == ["evidence.packs.making.make"]


def test_deadlines_do_not_fire(school: Any, organisation: Any, now: Any) -> None:
    due = now - timedelta(hours=1)
    for one in (school, organisation):
        with tenancy.organisation(one.pk):
            deadlines.set_deadline("outbox.retry", uuid.uuid4(), due, organisation=one.pk)
    with role("efface_engine"):
        assert deadlines.next_due() is not None
        deadlines.fire(now)
        states = dict(Deadline.objects.values_list("organisation_id", "state"))
        assert states == {school.pk: "waiting", organisation.pk: "done"}
        assert deadlines.next_due() is None


def test_nothing_is_fetched_and_no_webhook_told(school: Any, organisation: Any) -> None:
    asked = TellRequest("https://partner.example/hook", "", {})
    with tenancy.organisation(school.pk), pytest.raises(FetcherRefused, match="training"):
        stopped.fetcher().tell(asked)
    with tenancy.organisation(organisation.pk), pytest.raises(FetcherUnavailable):
        stopped.fetcher().tell(asked)


def test_no_time_stamp_is_asked_for(school: Any, organisation: Any, ear: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamp, "PATIENCE_S", 0.3)
    url = f"http://127.0.0.1:{ear.getsockname()[1]}/"
    with training.working_for(school.pk), pytest.raises(stamp.StampError, match="nothing leaves"):
        stamp.ask(url, b"data")
    assert not heard(ear)
    with training.working_for(organisation.pk), pytest.raises(stamp.StampError):
        stamp.ask(url, b"data")
    assert heard(ear)


def test_no_ticket_is_made(school: Any, organisation: Any, ear: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "TIMEOUT_S", 0.3)
    desk = Endpoint("d", f"http://127.0.0.1:{ear.getsockname()[1]}/t", "k", b"s" * 32, frozenset())
    with training.working_for(school.pk):
        assert tickets.submit(desk, b"{}", "once", NOON).text == training.STAYS
    assert not heard(ear)
    with training.working_for(organisation.pk):
        tickets.submit(desk, b"{}", "once", NOON)
    assert heard(ear)


def test_sites_of_training_and_of_work_never_meet(school: Any, organisation: Any, now: Any) -> None:
    with tenancy.organisation(organisation.pk):
        real = people.make_site("real.example")
        with pytest.raises(registry.NotASite):
            registry.register("https://made-up.invalid/", now)
    with tenancy.organisation(school.pk):
        made = registry.register("https://made-up.invalid/", now)
        assert list(Site.objects.all()) == [made]
        with pytest.raises(registry.NotASite, match=r"\.invalid"):
            registry.register("https://real.example/", now)
        case = people.open_case(school).case
        with pytest.raises(Unusable, match=r"\.invalid"):
            links.report(case, "https://real.example/page", "caseworker:x", now)
    assert list(Site.objects.filter(domain__in=("real.example", "made-up.invalid"))) == [real]
    with tenancy.organisation(organisation.pk):
        assert not Site.objects.filter(pk=made.pk).exists()


def test_the_desk_of_work_shows_nothing_of_training(school: Any, trainee: Any, organisation: Any, now: Any) -> None:
    with tenancy.organisation(school.pk):
        practising.begin_all(member_of(trainee, school), now)
    lead = people.signed_in(people.worker(organisation, "lead"))
    for url in ("/console/queue/", "/console/cases/", "/console/sites/", "/console/networks/", "/console/coverage/",
                "/console/sites/new/", "/console/clocks/", "/console/statistics/"):  # fmt: skip
        page = lead.get(url).content.decode()
        assert ".invalid" not in page and "Training " not in page and "training-band" not in page, url
    found = lead.post("/console/find/", {"q": "mirror"}).content.decode()
    assert ".invalid" not in found


def test_the_matcher_compares_nothing_of_training(school: Any, trainee: Any, now: Any) -> None:
    with tenancy.organisation(school.pk):
        practising.begin(member_of(trainee, school), "batch", now)
    with role("efface_engine"):
        assert list(active_fingerprints(now)) == []


def test_desks_are_not_judged_by_it(school: Any, now: Any) -> None:
    with tenancy.organisation(school.pk):
        learning.sent(uuid.uuid4(), "email", "abuse@host.example", "host", "eu_dsa_art16", "en", now)
        delivery("email", "abuse@host.example", "hard", now)
    assert not Asked.objects.exists() and not Delivery.objects.exists()


def test_it_is_not_counted_published_paid_for_or_shared(school: Any, organisation: Any, now: Any) -> None:
    coordinator = people.worker(school, "coordinator")
    client = people.signed_in(coordinator)
    for url in ("statistics", "programmes", "partners", "sites/facts", "face-search"):
        answer = client.get(f"/console/{url}/")
        assert answer.status_code == 403 and "Not part of training" in answer.content.decode(), url
    assert school not in keeping.organisations() and organisation in keeping.organisations()
    with tenancy.organisation(school.pk):
        with pytest.raises(publishing.Refused):
            publishing.publish(member_of(coordinator, school), "x", "2026-03-02", now)
        with pytest.raises(keys.NotMade):
            keys.make(school.pk, "A Partner", ["cases"], 30, "coordinator:x", now)
        people.open_case(school)
    with role("efface_engine"):
        assert not Deadline.objects.filter(kind=keeping.COUNT).exists()


def test_nobody_who_needs_help_comes_into_it_by_chance(school: Any, organisation: Any, rf: Any) -> None:
    with role("efface_owner"):
        Organisation.objects.filter(pk=school.pk).update(opens_herself=True)
    assert house.organisation(rf.get("/")) == organisation
    with role("efface_owner"):
        Organisation.objects.filter(pk=school.pk).update(portal_host="testserver")
    assert house.organisation(rf.get("/")) == Organisation.objects.get(pk=school.pk)
    assert house.opens(rf.get("/")) is None


def test_a_whole_installation_for_training_lets_nothing_out(
    organisation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "everywhere", lambda: True)
    assert training.here()
    assert smtp.submit("desk@example.org", "abuse@host.example", LETTER).text == training.STAYS
    with pytest.raises(FetcherRefused, match="training"):
        stopped.fetcher().tell(TellRequest("https://partner.example/hook", "", {}))


DIALS = re.compile(
    r"^\s*(?:import|from) (?:urllib\.request|http\.client|smtplib|imaplib|ftplib|aiohttp|requests|minio)\b",
    re.MULTILINE,
)
ASKS_NOT = {"engine/base/objects/s3.py": "the installation's own store", "takedown/mailbox.py": "only reads mail"}


def test_whoever_dials_asks_first_whether_it_is_training() -> None:
    """A new way out must be added to this: what it sends, and how it stays here in training."""
    home = Path(efface.__file__).parent
    found = {}
    for path in sorted(home.rglob("*.py")):
        name = str(path.relative_to(home))
        # These run inside the fetcher, which is asked through `sites.stopped` alone.
        if not name.startswith(("net/", "whereabouts/", "vision/")) and DIALS.search(text := path.read_text("utf-8")):
            found[name] = "training.here()" in text
    assert {name for name, asks in found.items() if not asks} == set(ASKS_NOT)
    assert {name for name, asks in found.items() if asks} == {
        "engine/base/smtp.py", "evidence/stamp.py", "search/suspicion/endpoint/__init__.py",
        "takedown/channels/ticket/client.py",
    }  # fmt: skip


def test_a_full_desk_opens_no_line_to_anywhere(
    school: Any, trainee: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every exercise begun, every proposed answer given: nothing dials."""
    dialled: list[Any] = []
    known = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> Any:
        if self.family != socket.AF_UNIX:
            dialled.append(address)
        return known(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    client = people.signed_in(trainee)
    assert client.post("/console/training/all/").status_code == 302
    from efface.console import decide, queue

    with tenancy.organisation(school.pk):
        member = member_of(trainee, school)
        found = queue.decisions(member)
        assert len(found) > 12
        for one in found:
            choice = one.options[0].value
            filled = {blank.name: "a reason" for blank in one.blanks}
            try:
                decide.take(member, one.kind, one.id, one.mark, choice, filled, now)
            except decide.Refused:
                continue
        assert Notice.objects.filter(state=Notice.State.QUEUED).exists()
        assert Match.objects.filter(state="confirmed").exists()
    assert dialled == [] and waiting_jobs(school) == 0


def test_every_page_of_training_says_so(school: Any, trainee: Any, now: Any) -> None:
    client = people.signed_in(trainee)
    client.post("/console/training/all/")
    with tenancy.organisation(school.pk):
        case = str(practising.Practice.objects.get(exercise="pack").content["case"])
    pages = ["queue", "cases", "clocks", "team", "find", "sites", "networks", "coverage", "results", "law", "knowledge",
             "guides", "guides/all", "training", "help", "account", "by-hand", f"cases/{case}",
             f"cases/{case}/evidence", f"cases/{case}/police", f"cases/{case}/packs/new", "training/face"]  # fmt: skip
    for page in pages:
        shown = client.get(f"/console/{page}/").content.decode()
        assert "training-band" in shown and "Nothing here is real" in shown, page
    code = people.open_case(school).access_code
    portal = people.entered(code).get("/case/").content.decode()
    assert "Nothing here is real" in portal


def test_exercises_are_begun_nowhere_else(organisation: Any, now: Any) -> None:
    user = people.worker(organisation)
    client = people.signed_in(user)
    assert client.post("/console/training/face/begin/").status_code == 302
    assert client.get("/console/training/face/").status_code == 404
    with tenancy.organisation(organisation.pk):
        with pytest.raises(practising.NoTraining):
            practising.begin(member_of(user, organisation), "face", now)
        assert not practising.Practice.objects.exists() and not Match.objects.exists()
    assert len(exercises.all_of_them()) >= 10
