"""E-mail: nothing that is imagery leaves, refusals are read, nobody is written to too fast or in the night."""

from __future__ import annotations

import base64
import dataclasses
import json
import struct
import zlib
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.takedown.channels.email import guard, message, pace, refusals, zones
from efface.takedown.channels.email.guard import ImageryRefused
from tests.takedown.channels.test_contract import _task

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 24, 24, 8, 2, 0, 0, 0))
    rows = zlib.compress(b"".join(b"\0" + bytes(range(i, i + 72)) for i in range(24)), 0)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 4
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00" + bytes(600)
WEBP = b"RIFF\x00\x01\x00\x00WEBPVP8 " + bytes(400)
ZIP = b"PK\x03\x04" + bytes(400)
PDF = b"%PDF-1.7\n" + bytes(400)


def mail(text: str = "Notice.", *parts: tuple[bytes, str, str, str]) -> bytes:
    one = EmailMessage(policy=SMTP)
    one["From"], one["To"], one["Subject"] = "a@desk.example", "b@host.example", "Notice"
    one.set_content(text)
    for data, main, sub, name in parts:
        one.add_attachment(data, main, sub, filename=name)
    return one.as_bytes()


def report(payload: bytes = b"page https://pictures.example/p/1", **more: Any) -> bytes:
    evidence = {"content_type": "text/plain", "payload": base64.b64encode(payload).decode()} | more
    return json.dumps({"xarf_version": "4.0.0", "evidence": [evidence]}).encode()


def test_a_notice_with_its_report_leaves() -> None:
    long = "https://pictures.example/" + "Ab3-_" * 400
    guard.check(mail(f"page: {long}\n" * 20, (report(long.encode() * 9), "application", "json", "xarf.json")))


GIF, WEBM = b"GIF89a" + bytes(400), b"\x1aE\xdf\xa3" + bytes(400)


@pytest.mark.parametrize("data", [png(), JPEG, MP4, WEBP, ZIP, PDF, GIF, WEBM])
@pytest.mark.parametrize("dress", ["honest", "octets", "text", "json", "folded", "run", "data", "evidence", "named"])
def test_imagery_is_refused_however_it_is_dressed(data: bytes, dress: str) -> None:
    code = base64.b64encode(data).decode()
    dressed = {
        "honest": lambda: mail("x", (data, "image", "png", "a.png")),
        "octets": lambda: mail("x", (data, "application", "octet-stream", "a.bin")),
        "text": lambda: mail("x", (data, "text", "plain", "report.txt")),
        "json": lambda: mail("x", (data, "application", "json", "xarf.json")),
        "folded": lambda: mail("See:\n" + base64.encodebytes(data).decode() + "\nthanks"),
        "run": lambda: mail(f"See {code} thanks"),
        "data": lambda: mail(f'<img src="data:image/png;base64,{code}">'),
        "evidence": lambda: mail("x", (report(data), "application", "json", "xarf.json")),
        "named": lambda: mail("x", (report(content_type="image/jpeg"), "application", "json", "xarf.json")),
    }[dress]
    with pytest.raises(ImageryRefused):
        guard.check(dressed())


def test_what_cannot_be_looked_into_is_refused() -> None:
    with pytest.raises(ImageryRefused, match="is none"):
        guard.check(mail("x", (b"{not json", "application", "json", "xarf.json")))
    with pytest.raises(ImageryRefused, match="parts"):
        guard.check(mail("x", *[(b"{}", "application", "json", f"{n}.json") for n in range(60)]))
    deep = "[" * 40 + "]" * 40
    with pytest.raises(ImageryRefused, match="deeply"):
        guard.check(mail("x", (deep.encode(), "application", "json", "xarf.json")))
    with pytest.raises(ImageryRefused):
        guard.check(mail("x", (mail("y", (JPEG, "image", "jpeg", "a.jpg")), "message", "rfc822", "m.eml")))


def test_without_the_guard_a_picture_would_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail is built of text and JSON; a report that smuggles a picture is stopped by the guard and nothing else."""
    task = _task("eu_dsa_art16", "origin_host", "email", None, "adult")
    task = dataclasses.replace(task, more={"xarf": [("EF-1", json.loads(report(JPEG)))]})
    with pytest.raises(ImageryRefused):
        message.build(task)
    monkeypatch.setattr(guard, "check", lambda made: None)
    [_, attached] = message_from_bytes(message.build(task)).get_payload()
    assert base64.b64encode(JPEG) in attached.get_payload(decode=True)


@pytest.mark.parametrize(("code", "text", "says"), [
    (552, "mailbox full", "full"), (452, "4.2.2 over quota", "full"), (550, "5.1.1 no such user", "hard"),
    (421, "too many connections", "rate"), (450, "4.7.1 greylisted, try again", "rate"),
    (451, "please slow down", "rate"), (450, "mailbox busy", "soft"), (550, "5.7.1 message content rejected", "policy"),
    (554, "5.7.1 Service unavailable; client blocked using a blocklist", "sender"),
    (550, "5.7.26 unauthenticated mail is not accepted", "sender"), (554, "transaction failed", "policy"),
])  # fmt: skip
def test_what_a_refusal_says(code: int, text: str, says: str) -> None:
    assert refusals.read(code, text) == says


BERLIN, NEW_YORK = ("Europe/Berlin",), zones.of("US")


def waits(now: datetime, recent: pace.Recent | None = None, **more: Any) -> pace.Wait | None:
    given = {"zones": BERLIN, "quiet": (22, 7), "urgent": False} | more
    return pace.wait(now, recent or pace.Recent(), **given)


def test_in_their_night_a_reminder_waits_for_the_morning() -> None:
    night = datetime(2026, 3, 2, 23, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    found = waits(night.astimezone(UTC))
    assert found is not None and found.until == datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
    assert waits(night.astimezone(UTC), urgent=True) is None
    assert waits(night.astimezone(UTC), quiet=None) is None
    assert waits(night.astimezone(UTC), zones=()) is None, "whose zone is not known is not let wait"
    assert waits(NOW) is None


def test_it_is_night_in_a_country_only_where_it_is_in_all_its_zones() -> None:
    assert len(NEW_YORK) > 5
    evening = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)  # 23 in New York, 18 in Honolulu
    assert waits(evening, zones=NEW_YORK) is None


def test_summer_time_moves_the_morning() -> None:
    before = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    found = waits(before)
    assert found is not None and found.until == datetime(2026, 3, 29, 5, 0, tzinfo=UTC)


@given(st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)), st.integers(0, 23), st.integers(0, 23),
       st.sampled_from(["DE", "US", "IN", "AU", "NP", "BR", "XX"]))  # fmt: skip
def test_a_wait_ends_in_the_day_and_is_never_longer_than_one(moment: datetime, begin: int, end: int, land: str) -> None:
    if begin == end:
        return
    now = moment.replace(tzinfo=UTC)
    found = waits(now, zones=zones.of(land), quiet=(begin, end))
    if found is not None:
        assert now < found.until <= now + timedelta(hours=25)
        assert waits(found.until, zones=zones.of(land), quiet=(begin, end)) is None


def test_nobody_is_flooded() -> None:
    full = pace.Recent(tuple(NOW - timedelta(minutes=n) for n in range(pace.MOST_AN_HOUR)))
    found = waits(NOW, full, urgent=True)
    assert found is not None and "enough" in found.why
    assert NOW < found.until <= NOW + pace.HOUR
    assert waits(found.until, full) is None
    assert waits(NOW, pace.Recent(full.sent[1:])) is None
    day = pace.Recent(tuple(NOW - timedelta(minutes=70 + 8 * n) for n in range(pace.MOST_A_DAY)))
    assert waits(NOW, day) is not None


def test_who_asks_for_less_gets_less() -> None:
    later = NOW + timedelta(minutes=15)
    found = waits(NOW, pace.Recent(slower_until=later), urgent=True)
    assert found is not None and found.until == later
    shut = waits(NOW, pace.Recent(shut_at=NOW - timedelta(hours=1)), urgent=True)
    assert shut is not None and shut.until == NOW + timedelta(hours=23)


@pytest.mark.parametrize(("danger", "step", "episode", "clock", "fresh", "urgent"), [
    (True, 2, 1, None, False, True), (False, 1, 2, None, False, True), (False, 1, 1, 48, False, True),
    (False, 1, 1, None, True, True), (False, 2, 1, 48, True, False), (False, 1, 1, 720, False, False),
])  # fmt: skip
def test_what_is_urgent(danger: bool, step: int, episode: int, clock: float | None, fresh: bool, urgent: bool) -> None:
    given = {"danger": danger, "step": step, "episode": episode, "clock_hours": clock, "fresh": fresh}
    assert pace.urgent(**given) is urgent  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["22", "22-22", "25-7", "a-b", "22-7-9", "-"])
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(pace.QuietHoursError, match="quiet_hours"):
        pace.quiet_hours(text)


def test_hours_as_they_are_set() -> None:
    assert pace.quiet_hours("22-7") == (22, 7) and pace.quiet_hours(" ") is None
