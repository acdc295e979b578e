"""Real SMTP in, world time forward, real SMTP out: how each desk behaves and what stands afterwards."""

from __future__ import annotations

import email
import email.policy
import http.client
import json
import smtplib
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from testbed.model import Item, Site, parse_time, show_time
from testbed.notice import canonical, find_urls, read
from tests.testbed.conftest import Client, Thread


class Inbox:
    """The organisation's mail-in. ``busy`` answers 451 that many times first."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], EmailMessage]] = []
        self.busy = 0
        self.lock = threading.Lock()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        with self.lock:
            if self.busy:
                self.busy -= 1
                return "451 try again"
            mail = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(((envelope.mail_from or "").strip("<>"), envelope.rcpt_tos, mail))
        return "250 OK"


class Yard:
    """A running world with an organisation's mail-in."""

    def __init__(self, folder: Path) -> None:
        self.inbox = Inbox()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = probe.getsockname()
        self.controller = Controller(self.inbox, hostname=address[0], port=address[1])
        self.controller.start()
        self.thread = Thread(folder, address)
        self.client: Client = self.thread.client
        self.world = self.thread.running.world
        self.start = parse_time(self.world.start)
        self.folder = folder
        self._number = 0

    def stop(self) -> None:
        self.thread.stop()
        self.controller.stop()

    def forward(self, **step: float) -> dict[str, Any]:
        now = parse_time(self.client.control("GET", "/state")["now"])
        return self.client.advance(show_time(now + timedelta(**step)))

    def send(self, to: str, urls: list[str], step: int = 1, attach: bool = False) -> str:
        self._number += 1
        mail = EmailMessage()
        mail["From"] = "Helpline <notices@helpline.example>"
        mail["Reply-To"] = f"reply+{self._number}@helpline.example"
        mail["To"] = to
        mail["Subject"] = "Notice"
        mail["Message-ID"] = f"<n{self._number}@helpline.example>"
        mail["X-Efface-Step"] = str(step)
        mail["X-Efface-Notice-Type"] = "eu_dsa_art16"
        if attach:
            mail.set_content("See the report attached.")
            mail.add_attachment(
                json.dumps({"Report": {"SourceUrls": urls}}).encode(),
                maintype="application",
                subtype="json",
                filename="xarf.json",
            )
        else:
            mail.set_content("Remove:\n" + "\n".join(url.replace("http", "hxxp").replace(".", "[.]") for url in urls))
        host, port = self.client.ready["smtp"]
        with smtplib.SMTP(host, port, timeout=10) as out:
            out.send_message(mail, from_addr=f"bounce+{self._number}@helpline.example")
        return str(mail["Message-ID"])

    def item_at(self, desk: str, **wanted: object) -> tuple[Item, Site, str]:
        """(item, its site, the operator's mailbox) where the operator's desk behaves like ``desk``; world time goes on
        until the item is published."""
        fits = []
        for item in self.world.items:
            site = self.world.site(item.site)
            alike = all(getattr(site, key) == value for key, value in wanted.items())
            if self.world.operator(site.operator).desk == desk and alike and not item.of:
                fits.append(item)
        item = min(fits, key=lambda entry: entry.published_at)
        if item.published_at > self.world.start:
            self.client.advance(item.published_at)
        site = self.world.site(item.site)
        return item, site, self.world.operator(site.operator).mailbox

    def statuses(self, item: Item) -> tuple[int, int, int]:
        return tuple(self.client.get(url).status for url in item.urls())  # type: ignore[return-value]

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["event"] == kind]


@pytest.fixture
def yard(folder: Path) -> Iterator[Yard]:
    made = Yard(folder)
    yield made
    made.stop()


def test_a_complying_operator_removes_everything_and_answers(yard: Yard) -> None:
    item, _, mailbox = yard.item_at("complies-fast")
    message_id = yard.send(mailbox, item.page_urls)
    assert yard.statuses(item) == (200, 200, 200)
    yard.forward(hours=11)
    assert yard.statuses(item) == (404, 404, 404)
    _, to, mail = yard.inbox.mails[-1]
    assert to == ["reply+1@helpline.example"]
    assert mail["In-Reply-To"] == message_id
    assert "removed" in mail.get_content()
    assert {event["url"] for event in yard.events("url-down")} == set(item.urls())


def test_urls_are_found_in_an_attached_report(yard: Yard) -> None:
    item, _, mailbox = yard.item_at("complies-fast")
    yard.send(mailbox, item.urls(), attach=True)
    yard.forward(hours=11)
    assert yard.statuses(item) == (404, 404, 404)


def test_page_only_leaves_the_picture_to_the_host(yard: Yard) -> None:
    item, site, mailbox = yard.item_at("page-only")
    yard.send(mailbox, item.page_urls)
    yard.forward(hours=25)
    assert yard.statuses(item) == (404, 200, 200)
    host = yard.world.provider(site.media_host or site.host)
    yard.send(host.abuse, item.media_urls + item.thumb_urls)
    yard.forward(hours=45)
    assert yard.statuses(item) == (404, 404, 404)


def test_a_host_removes_only_what_stands_on_its_machines(yard: Yard) -> None:
    item, site, _ = yard.item_at(
        "page-only",
        media_domain="media." + next(site.domain for site in yard.world.sites if site.media_host and not site.cdn),
    )
    yard.send(yard.world.provider(site.host).abuse, item.urls())
    yard.forward(hours=45)
    assert yard.statuses(item) == (404, 200, 200)


def test_an_acknowledgement_alone_changes_nothing(yard: Yard) -> None:
    item, _, mailbox = yard.item_at("acknowledges")
    yard.send(mailbox, item.urls())
    yard.forward(days=10)
    assert yard.statuses(item) == (200, 200, 200)
    assert [mail["Auto-Submitted"] for _, _, mail in yard.inbox.mails] == ["auto-replied"]


@pytest.mark.parametrize(("desk", "code"), [("bounces", 550), ("mailbox-full", 552)])
def test_a_mailbox_that_takes_nothing_says_so(yard: Yard, desk: str, code: int) -> None:
    item, _, mailbox = yard.item_at(desk)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        yard.send(mailbox, item.urls())
    assert refused.value.recipients[mailbox][0] == code
    assert yard.events("mail-refused")[0]["code"] == code


def test_an_unknown_mailbox_is_refused(yard: Yard) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        yard.send("nobody@nowhere.example", ["http://nowhere.example/"])


def test_a_late_bounce_comes_back_to_the_envelope_sender_as_a_report(yard: Yard) -> None:
    operator = next(entry for entry in yard.world.operators if entry.desk == "bounces-later")
    yard.send(operator.mailbox, [f"http://{operator.sites[0]}/"])
    yard.forward(hours=1)
    sender, to, mail = yard.inbox.mails[0]
    assert (sender, to) == ("", ["bounce+1@helpline.example"])
    assert mail.get_content_type() == "multipart/report"
    assert mail.get_param("report-type") == "delivery-status"
    status = next(part for part in mail.walk() if part.get_content_type() == "message/delivery-status")
    assert operator.mailbox in status.as_string()
    assert "Status: 5.1.1" in status.as_string()


def test_a_soft_404_looks_alive_and_is_not(yard: Yard) -> None:
    item, _, mailbox = yard.item_at("soft-404")
    before = yard.client.get(item.page_urls[0]).body
    yard.send(mailbox, item.urls())
    yard.forward(hours=31)
    assert yard.statuses(item) == (200, 404, 404)
    assert yard.client.get(item.page_urls[0]).body != before


def test_a_gate_hides_the_page_and_keeps_the_picture(yard: Yard) -> None:
    item, _, mailbox = yard.item_at("gates")
    yard.send(mailbox, item.urls())
    yard.forward(hours=25)
    assert b"Please log in" in yard.client.get(item.page_urls[0]).body
    assert yard.client.get(item.media_urls[0]).status == 200


def test_a_cloak_shows_the_bot_nothing_and_everybody_else_everything(yard: Yard) -> None:
    state = yard.thread.running.state
    item, _, mailbox = yard.item_at("complies-fast")
    state.world.operator(yard.world.site(item.site).operator).desk = "cloaks"
    yard.thread.running.exchanger.directory[mailbox].behaviour = "cloaks"
    yard.send(mailbox, item.urls())
    yard.forward(hours=14)
    for url in item.urls():
        assert yard.client.get(url, **{"User-Agent": "EffaceBot/1"}).status == 404
        assert yard.client.get(url, **{"User-Agent": "Mozilla/5.0"}).status == 200
    assert not yard.events("url-down")
    yard.send(yard.world.provider(yard.world.site(item.site).host).abuse, item.urls())
    yard.forward(hours=45)
    assert yard.client.get(item.media_urls[0], **{"User-Agent": "Mozilla/5.0"}).status == 404


def test_a_site_told_by_its_host_moves_house(yard: Yard) -> None:
    item, site, _ = yard.item_at("moves")
    assert yard.client.addresses(site.domain) == [site.address]
    yard.send(yard.world.provider(site.host).abuse, item.urls())
    yard.forward(hours=50)
    assert yard.client.addresses(site.domain) == [site.next_address]
    assert yard.statuses(item) == (200, 200, 200)
    yard.send(yard.world.provider(site.host).abuse, item.urls(), step=2)
    yard.send(yard.world.provider(site.next_host).abuse, item.urls())
    yard.forward(hours=45)
    assert yard.statuses(item) == (404, 404, 404)
    assert any("could not find" in mail.get_content() for _, _, mail in yard.inbox.mails)


@pytest.mark.parametrize("desk", ["asks-info", "asks-id"])
def test_a_desk_that_asks_gets_asked_again(yard: Yard, desk: str) -> None:
    item, _, mailbox = yard.item_at(desk)
    yard.send(mailbox, item.page_urls)
    yard.forward(hours=21)
    assert yard.statuses(item) == (200, 200, 200)
    assert "please" in yard.inbox.mails[0][2].get_content().lower()
    yard.send(mailbox, item.page_urls, step=2)
    yard.forward(hours=31)
    assert (yard.statuses(item)[0] == 404) is (desk == "asks-info")


def test_the_extortionist_asks_for_money_on_every_page(yard: Yard) -> None:
    item, site, mailbox = yard.item_at("extortion")
    for path in ("/contact", "/removal", "/"):
        assert b"paid removal service" in yard.client.get(f"http://{site.domain}{path}").body.lower()
    yard.send(mailbox, item.urls())
    yard.forward(days=3)
    assert yard.statuses(item) == (200, 200, 200)


def test_a_cdn_copy_outlives_its_origin_until_purged(yard: Yard) -> None:
    item, site, _ = yard.item_at("complies-slow", cdn="cdn-0")
    url = item.media_urls[0]
    assert yard.client.get(url).headers["x-cache"] == "MISS"
    yard.send(yard.world.provider(site.host).abuse, item.urls())
    yard.forward(hours=45)
    kept = yard.client.get(url)
    assert (kept.status, kept.headers["x-cache"]) == (200, "HIT")
    assert int(kept.headers["age"]) == 45 * 3600
    assert yard.client.get(url + "?fresh=1").status == 404
    assert yard.client.get(item.page_urls[0]).status == 404
    cdn = yard.world.provider(site.cdn)
    yard.send(cdn.abuse, [url])
    yard.forward(hours=9)
    assert yard.client.get(url).status == 404
    host = yard.world.provider(site.host)
    assert host.abuse in yard.inbox.mails[-1][2].get_content()


def test_a_cdn_passes_the_report_on_to_the_host(yard: Yard) -> None:
    item, site, _ = yard.item_at("complies-slow", cdn="cdn-0")
    yard.send(yard.world.provider(site.cdn).abuse, item.urls())
    yard.forward(hours=71)
    assert yard.statuses(item) == (200, 200, 200)
    yard.forward(hours=45)
    assert yard.client.get(item.page_urls[0]).status == 404
    assert yard.client.get(item.media_urls[0] + "?fresh=1").status == 404


def test_a_cdn_copy_expires(yard: Yard) -> None:
    item, site, _ = yard.item_at("complies-slow", cdn="cdn-0")
    yard.client.get(item.media_urls[0])
    yard.send(yard.world.provider(site.host).abuse, item.urls())
    yard.forward(days=21)
    assert yard.client.get(item.media_urls[0]).status == 404
    assert yard.events("cdn-purged")


def test_what_was_removed_comes_back_on_a_sibling(yard: Yard) -> None:
    back = next(entry for entry in yard.world.returns if entry.how == "sibling")
    item, again = yard.world.item(back.item), yard.world.item(back.becomes)
    site = yard.world.site(item.site)
    yard.forward(days=7)
    assert yard.statuses(again) == (404, 404, 404)
    yard.send(yard.world.operator(site.operator).mailbox, item.urls())
    yard.forward(hours=12)
    yard.forward(hours=back.after_h + 1)
    gone = [yard.client.get(url).status for url in item.page_urls]
    assert gone != [200]
    assert yard.statuses(again) == (200, 200, 200)
    assert again.page_urls[0].split("/", 3)[3] == item.page_urls[0].split("/", 3)[3]
    assert bytes.fromhex(again.canaries[0]) in yard.client.get(again.media_urls[0]).body
    assert [event["item"] for event in yard.events("returned")] == [again.id]


def test_the_identical_page_comes_back(yard: Yard) -> None:
    back = next(entry for entry in yard.world.returns if entry.how == "same-page")
    item = yard.world.item(back.item)
    mailbox = yard.world.operator(yard.world.site(item.site).operator).mailbox
    yard.forward(days=5)
    yard.send(mailbox, item.urls())
    yard.forward(hours=12)
    assert yard.statuses(item) == (410, 404, 404)
    yard.forward(hours=back.after_h)
    assert yard.statuses(item) == (200, 200, 200)
    yard.send(mailbox, item.urls())
    yard.forward(hours=12)
    assert yard.statuses(item) == (410, 404, 404)
    yard.forward(days=30)
    assert yard.statuses(item) == (410, 404, 404)


def test_the_search_engine_delists_after_its_form_was_filed(yard: Yard) -> None:
    item = next(item for item in yard.world.items if not item.of and item.published_at <= yard.world.start)
    base = f"http://{yard.world.search_domain}"
    query = "+".join(yard.client.get(item.page_urls[0]).body.decode().split("<title>")[1].split(" -")[0].split())
    assert item.page_urls[0] in yard.client.get(f"{base}/search?q={query}").body.decode()
    answer = yard.client.get(f"{base}/report", data=f"urls={item.page_urls[0]}&reason=explicit".encode())
    assert b"Reference number: <strong>Q-" in answer.body
    yard.forward(hours=61)
    assert item.page_urls[0] not in yard.client.get(f"{base}/search?q={query}").body.decode()


def test_a_sites_own_form_reaches_its_operator(yard: Yard) -> None:
    item, site, _ = yard.item_at("complies-fast")
    path = item.page_urls[0].split("/", 3)[3]
    answer = yard.client.get(f"http://{site.domain}/report", data=f"url=/{path}&website=".encode())
    assert b"received" in answer.body
    yard.forward(hours=11)
    assert yard.statuses(item) == (404, 404, 404)


def test_mail_waits_for_a_mail_in_that_is_busy(yard: Yard) -> None:
    item, _, mailbox = yard.item_at("complies-fast")
    yard.inbox.busy = 2
    yard.send(mailbox, item.urls())
    state = yard.forward(hours=11)
    assert state["idle"] is True
    assert len(yard.inbox.mails) == 1


def test_a_site_that_is_down_still_holds_what_it_holds(yard: Yard) -> None:
    for outage in sorted(yard.world.outages, key=lambda entry: entry.start):
        yard.client.advance(outage.start)
        if outage.how == "503":
            assert yard.client.get(f"http://{outage.site}/robots.txt").status == 503
        else:
            with pytest.raises((http.client.HTTPException, OSError)):
                yard.client.get(f"http://{outage.site}/")
        yard.client.advance(outage.end)
        assert yard.client.get(f"http://{outage.site}/").status == 200
    assert {outage.how for outage in yard.world.outages} == {"503", "hang"}
    assert not yard.events("url-down")


def test_mail_nobody_takes_is_logged_and_does_not_block(folder: Path) -> None:
    alone = Thread(folder)
    try:
        world = alone.running.world
        operator = next(entry for entry in world.operators if entry.desk == "acknowledges")
        mail = EmailMessage()
        mail["From"] = "notices@helpline.example"
        mail["To"] = operator.mailbox
        mail.set_content(f"http://{operator.sites[0]}/")
        with smtplib.SMTP(*alone.ready["smtp"], timeout=10) as out:
            out.send_message(mail)
        state = alone.client.advance(show_time(parse_time(world.start) + timedelta(days=1)))
        assert state["idle"] is True
        assert "undeliverable" in (folder / "events.jsonl").read_text()
    finally:
        alone.stop()


def test_time_never_runs_backwards(yard: Yard) -> None:
    yard.forward(days=2)
    assert yard.client.advance(yard.world.start)["now"] == show_time(yard.start + timedelta(days=2))


def test_a_registrar_with_a_heart_holds_the_domain_in_the_end(yard: Yard) -> None:
    registrar = next(entry for entry in yard.world.registrars if entry.desk == "holds")
    site = next(site for site in yard.world.sites if site.registrar == registrar.key and not site.dead_dns)
    for step in (1, 2):
        yard.send(registrar.abuse, [f"http://{site.domain}/"], step=step)
    yard.forward(hours=80)
    assert yard.client.addresses(site.domain) == []


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see http://a.example/v/1.", "http://a.example/v/1"),
        ("hxxps://A.example[.]org/x?id=1,", "http://a.example.org/x?id=1"),
        ('{"u": "http:\\/\\/a.example\\/p"}', "http://a.example/p"),
        ("<a href='http://a.example'>", "http://a.example/"),
    ],
)
def test_urls_are_found_however_they_are_written(text: str, url: str) -> None:
    assert find_urls(text) == [url]


def test_odd_urls_and_mails_do_not_break_reading() -> None:
    assert canonical("http://[::1") == "http://[::1"
    for junk in (
        b"",
        b"\xff\xfe",
        b"Content-Type: multipart/mixed\n\nx",
        b'Reply-To: "\n\n',
        b"Content-Type: text/plain; charset=nonsense\n\nhttp://a.example/",
    ):
        read(junk, "", ["a@b.example"])


@pytest.fixture
def other(folder: Path, request: pytest.FixtureRequest) -> Iterator[Yard]:
    """A world whose obliging operators behave otherwise."""
    file = folder / "world.json"
    world = json.loads(file.read_text())
    for operator in world["operators"]:
        if operator["desk"] == "complies-fast":
            operator["desk"] = request.param
    file.write_text(json.dumps(world))
    made = Yard(folder)
    yield made
    made.stop()


@pytest.mark.parametrize("other", ["refuses", "court-order"], indirect=True)
def test_who_says_no_leaves_it_where_it_is(other: Yard) -> None:
    desk = next(one.desk for one in other.world.operators if one.desk in ("refuses", "court-order"))
    item, _, mailbox = other.item_at(desk)
    other.send(mailbox, item.urls())
    other.forward(hours=20)
    assert other.statuses(item) == (200, 200, 200)
    said = other.inbox.mails[-1][2].get_content()
    assert ("court order" in said) is (desk == "court-order")


@pytest.mark.parametrize("other", ["geo-blocks"], indirect=True)
def test_blocked_for_some_countries_is_not_removed(other: Yard) -> None:
    item, _, mailbox = other.item_at("geo-blocks")
    other.send(mailbox, item.urls())
    other.forward(hours=20)
    assert other.statuses(item) == (451, 451, 451)
    assert not other.events("url-down") and len(other.events("geo-blocked")) >= len(item.urls())


@pytest.mark.parametrize("other", ["publishes"], indirect=True)
def test_a_complaint_is_shown_to_everybody(other: Yard) -> None:
    item, site, mailbox = other.item_at("publishes")
    page = f"http://{site.domain}/complaints/"
    assert other.client.get(page).status == 404
    other.send(mailbox, item.urls())
    other.forward(hours=20)
    assert b"reply+1@helpline.example" in other.client.get(page).body
    assert other.statuses(item) == (200, 200, 200)


@pytest.mark.parametrize("other", ["greylists"], indirect=True)
def test_a_greylisting_mailbox_takes_the_second_try(other: Yard) -> None:
    item, _, mailbox = other.item_at("greylists")
    with pytest.raises(smtplib.SMTPRecipientsRefused) as later:
        other.send(mailbox, item.urls())
    assert later.value.recipients[mailbox][0] == 451
    other.send(mailbox, item.urls())
    other.forward(hours=20)
    assert other.statuses(item) == (404, 404, 404)
