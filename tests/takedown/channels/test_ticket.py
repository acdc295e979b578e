"""Tickets at a real server on loopback: signed, made once, asked about, never believed; else by mail after all."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from efface.engine.base import clock, outbox, sealing
from efface.takedown import approving
from efface.takedown.channels.models import Ticket
from efface.takedown.channels.ticket import endpoints, tickets, wire
from efface.takedown.channels.ticket.endpoints import EndpointsUnusable
from efface.takedown.models import Notice
from tests.conftest import NOON
from tests.takedown.conftest import HOST, SEARCH, Office, dossier

pytestmark = pytest.mark.django_db
SECRET = "k" * 40


class Tickets:
    """A desk that keeps to docs/tickets.md. ``answers`` are taken before it behaves; "lost" makes the ticket and breaks
    the line."""

    def __init__(self) -> None:
        self.made: dict[str, dict[str, Any]] = {}
        self.ids: dict[str, str] = {}
        self.state = "open"
        self.answers: list[Any] = []
        self.asked: list[str] = []
        self.refused = 0
        self.now = NOON

    def genuine(self, method: str, path: str, headers: Any, data: bytes) -> bool:
        stamp = headers.get("X-Efface-Time", "")
        signed = "\n".join((method, path, stamp, hashlib.sha256(data).hexdigest())).encode()
        mark = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        sent = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        fresh = abs(sent - self.now) <= timedelta(minutes=5)
        ours = headers.get("X-Efface-Key") == "desk-1" and fresh
        return ours and hmac.compare_digest(mark, headers["X-Efface-Signature"])


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Tickets]:
    one = Tickets()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *given: Any) -> None:
            pass

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if not one.genuine("POST", self.path, self.headers, data):
                one.refused += 1
                return self._say(401, {})
            answer = one.answers.pop(0) if one.answers else None
            if isinstance(answer, int):
                return self._say(answer, {})
            if isinstance(answer, bytes):
                return self._raw(200, answer)
            key = self.headers["Idempotency-Key"]
            id = one.ids.setdefault(key, f"T-{len(one.ids) + 1}")
            one.made[id] = json.loads(data)
            if answer == "lost":
                self.close_connection = True
                return None
            return self._say(201, {"id": id, "state": "open"})

        def do_GET(self) -> None:
            if not one.genuine("GET", self.path, self.headers, b""):
                return self._say(401, {})
            id = self.path.rpartition("/")[2]
            one.asked.append(id)
            return self._say(200, {"id": id, "state": one.state, "message": "line one\r\nX: two"})

        def _say(self, code: int, given: Any) -> None:
            self._raw(code, json.dumps(given).encode())

        def _raw(self, code: int, data: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(sealing, "secrets_folder", lambda: tmp_path)
    configure(tmp_path, f"http://127.0.0.1:{server.server_address[1]}/v1/tickets")
    yield one
    server.shutdown()
    server.server_close()


def configure(folder: Path, url: str) -> None:
    (folder / "tickets.toml").write_text(
        f'[[desk]]\nname = "Example Hosting"\nurl = "{url}"\nkey = "desk-1"\nsecret = "{SECRET}"\n'
        'parties = ["host:AS64500"]\n'
    )


@pytest.fixture
def sent(office: Office, desk: Tickets, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A host's notice, approved, with its jobs worked off."""
    office.fetcher.answers["whereabouts"] = dossier(HOST, SEARCH)
    office.finding()
    office.work()
    office.approve(route__role="host")
    run(office, desk)
    return office


WORK = {
    "takedown.channels.ticket.tickets.submit": tickets.submit, "takedown.channels.ticket.tickets.ask": tickets.ask,
    "engine.base.outbox.send": outbox.send,
}  # fmt: skip


def run(office: Office, desk: Tickets, hours: float = 0.0) -> None:
    """Work off what waits, tickets included, and let time pass."""
    from tests.takedown import conftest

    office.now += timedelta(hours=hours)
    desk.now = office.now
    with clock.fixed(office.now):
        for _ in range(20):
            jobs = conftest._take_jobs()
            if not jobs:
                return
            for name, ids in jobs:
                given = {key: conftest._id(value) for key, value in ids.items()}
                if name in WORK:
                    WORK[name](**given)


def test_an_approved_notice_becomes_one_signed_ticket(sent: Office, desk: Tickets) -> None:
    notice, row = sent.notice("host"), Ticket.objects.get()
    assert (notice.state, notice.channel, notice.outside_reference) == ("sent", "api", "T-1")
    assert (row.state, row.outside_id) == ("open", "T-1")
    assert desk.made["T-1"]["urls"] == notice.urls and desk.made["T-1"]["reference"] == notice.reference
    assert "Subject A" not in json.dumps(desk.made) and sent.mails() == [] and desk.refused == 0


def test_an_answer_that_got_lost_makes_no_second_ticket(office: Office, desk: Tickets) -> None:
    desk.answers = ["lost", 503]
    office.fetcher.answers["whereabouts"] = dossier(HOST, SEARCH)
    office.finding()
    office.work()
    office.approve(route__role="host")
    run(office, desk)
    assert Ticket.objects.get().state == "ready" and office.notice("host").state == "queued"
    assert not approving.revoke(office.notice("host").approval, office.user, office.now), "the desk may have it"
    Notice.objects.filter(pk=office.notice("host").pk).update(state="queued")
    for _ in range(2):
        row = Ticket.objects.get()
        with clock.fixed(office.now):
            tickets._defer(row)
        run(office, desk)
    assert Ticket.objects.get().outside_id == "T-1" and len(desk.ids) == 1
    assert office.notice("host").state == "sent"


@pytest.mark.parametrize("answer", [400, 401, 404, 302])
def test_a_desk_that_does_not_take_it_gets_it_by_mail_under_the_same_approval(
    office: Office, desk: Tickets, answer: int
) -> None:
    desk.answers = [answer]
    office.fetcher.answers["whereabouts"] = dossier(HOST, SEARCH)
    office.finding()
    office.work()
    office.approve(route__role="host")
    run(office, desk)
    notice = office.notice("host")
    assert (notice.state, notice.channel) == ("sent", "email")
    assert [to for to, _ in office.mails()] == ["abuse@host.example"]
    assert Ticket.objects.get().state == "failed"


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"id": "../x"}', b'{"state": "open"}', b"9" * 70_000, 500, 429])
def test_an_answer_out_of_shape_is_tried_again(office: Office, desk: Tickets, answer: Any) -> None:
    desk.answers = [answer]
    office.fetcher.answers["whereabouts"] = dossier(HOST, SEARCH)
    office.finding()
    office.work()
    office.approve(route__role="host")
    run(office, desk)
    assert Ticket.objects.get().state == "ready" and office.notice("host").state == "queued"


def test_what_the_desk_says_is_looked_into_and_not_believed(sent: Office, desk: Tickets) -> None:
    row = Ticket.objects.get()
    desk.state = "done"
    with clock.fixed(sent.now):
        tickets.ask.defer(organisation=row.organisation_id, ticket=row.pk)
    run(sent, desk)
    row.refresh_from_db()
    assert (row.state, row.words) == ("done", "line one X: two")
    assert sent.happened("ticket.done") == 1
    assert sent.notice("host").finding.state == "live", "nothing is gone because somebody says so"


def test_a_ticket_that_was_refused_ends_the_route(sent: Office, desk: Tickets) -> None:
    row = Ticket.objects.get()
    desk.state = "rejected"
    with clock.fixed(sent.now):
        tickets.ask.defer(organisation=row.organisation_id, ticket=row.pk)
    run(sent, desk)
    assert sent.route("host").state == "dead" and sent.happened("ticket.refused") == 1


def test_without_its_signature_nothing_is_taken(office: Office, desk: Tickets, tmp_path: Path) -> None:
    text = (tmp_path / "tickets.toml").read_text().replace(SECRET, "x" * 40)
    (tmp_path / "tickets.toml").write_text(text)
    office.fetcher.answers["whereabouts"] = dossier(HOST, SEARCH)
    office.finding()
    office.work()
    office.approve(route__role="host")
    run(office, desk)
    assert desk.refused == 1 and desk.made == {}


GOOD = f'[[desk]]\nname = "D"\nurl = "https://d.example/t"\nkey = "k"\nsecret = "{SECRET}"\nparties = ["d.example"]\n'


@pytest.mark.parametrize(("change", "said"), [
    (("https://d.example/t", "http://d.example/t"), "https"),
    (("https://d.example/t", "https://u:p@d.example/"), "user"),
    (("https://d.example/t", "https://d.example/?a=1"), "query"), ((SECRET, "short"), "secret"),
    (('["d.example"]', '"d.example"'), "list"), (('name = "D"\n', ""), "it has name"), (("[[desk]]", "[desk"), "TOML"),
    (('key = "k"', 'key = "k"\nx = 1'), "it has name"), (("https://d.example/t", "http://127.0.0.1/t"), "https"),
])  # fmt: skip
def test_a_set_up_that_cannot_be_used_says_so_without_its_secret(change: tuple[str, str], said: str) -> None:
    with pytest.raises(EndpointsUnusable) as error:
        endpoints.parse(GOOD.replace(*change), production=True)
    assert said in str(error.value) and SECRET not in str(error.value)


def test_whom_a_desk_stands_for() -> None:
    [one] = endpoints.parse(GOOD + 'types = ["eu_dsa_art16"]\n', production=True)
    assert one.takes("host:x", "abuse@D.example", "eu_dsa_art16") and one.takes("d.example", "", "eu_dsa_art16")
    assert not one.takes("host:x", "abuse@evild.example", "eu_dsa_art16")
    assert not one.takes("host:x", "abuse@d.example", "us_tida")


STATES = [("Closed", "done"), ("REJECTED", "refused"), ("weird", "open"), (7, "open")]


@pytest.mark.parametrize(("given", "state"), STATES)
def test_states_of_a_desk(given: Any, state: str) -> None:
    assert wire.read(json.dumps({"id": 5, "state": given}).encode()) == wire.Ticket("5", state)  # type: ignore[arg-type]
