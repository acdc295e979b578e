"""What she kept: read, digested, suggested from; hostile files; the chain of custody over it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from efface.cases import erasing
from efface.evidence import custody, keeping
from efface.evidence.extortion import deciding
from efface.evidence.models import Custody, Fact, Kept
from efface.net.decoder import Decoder
from efface.net.kept import chats, reading
from efface.net.kept.model import KeptFile
from efface.net.protocol import Picture
from tests.casework import make_case
from tests.conftest import NOON, role
from tests.evidence.packing import WALLET, chat, full_case, order

TELEGRAM = {"name": "X", "type": "personal_chat", "messages": [
    {"type": "message", "date": "2026-02-13T21:15:33", "from": "X", "from_id": "user77",
     "text": ["pay ", {"type": "bold", "text": "now"}]},
    {"type": "service", "date": "2026-02-13T21:15:34", "action": "x"},
]}  # fmt: skip
META = {"participants": [{"name": "X"}], "messages": [
    {"sender_name": "B\u00c3\u00b6se", "timestamp_ms": 1771017333000, "content": "second"},
    {"sender_name": "me", "timestamp_ms": 1771017300000, "content": "first", "photos": [{"uri": "p/1.jpg"}]},
]}  # fmt: skip
SNAPCHAT = {"x.y": [{"From": "x.y", "Media Type": "TEXT", "Created": "2026-02-13 21:15:33 UTC", "Content": "hi"}]}
DISCORD = {"guild": {}, "messages": [
    {"timestamp": "2026-02-13T21:15:33+00:00", "content": "hi", "author": {"id": "9", "name": "x"}, "attachments": []},
]}  # fmt: skip
PAGE = (
    b"<!doctype html><html><body><div class='message default clearfix'><div class='pull_right date details' "
    b"title='13.02.2026 21:15:33 UTC+01:00'>21:15</div><div class='from_name'>X</div><div class='text'>pay<br>now</div>"
    b"</div><div class='message default joined'><div class='date' title='13.02.2026 21:16:00'></div>"
    b"<div class='text'>or else</div></div></body></html>"
)
MAIL = b"Received: from a by b\r\nReceived: from c\r\n\tby a\r\nFrom: X <x@evil.example>\r\nDate: now\r\n\r\npay\r\n"


def read(name: str, data: bytes) -> KeptFile:
    return reading.read(name, data, None)[0]


@pytest.mark.parametrize(("line", "at", "by", "text"), [
    ("[13/02/2026, 21:15:33] X: hi", "2026-02-13T21:15:33", "X", "hi"),
    ("13/02/2026, 21:15 - X: hi", "2026-02-13T21:15:00", "X", "hi"),
    ("2/13/26, 9:15\u202fPM - X: hi: you", "2026-02-13T21:15:00", "X", "hi: you"),
    ("13.02.26, 21:15 - X: hi", "2026-02-13T21:15:00", "X", "hi"),
    ("2026-02-13, 21:15 - X: hi", "2026-02-13T21:15:00", "X", "hi"),
    ("\u200e[05/04/2026, 21:15:33] X: hi", "05.04.2026 21:15:33", "X", "hi"),
])  # fmt: skip
def test_whatsapp_as_telephones_write_it(line: str, at: str, by: str, text: str) -> None:
    found = read("_chat.txt", f"{line}\nsecond line\n".encode())
    assert (found.kind, found.app) == ("chat", "whatsapp")
    (message,) = found.messages
    assert (message.at, message.by, message.text) == (at, by, f"{text}\nsecond line")


@pytest.mark.parametrize(("name", "data", "app", "first"), [
    ("result.json", json.dumps(TELEGRAM).encode(), "telegram", ("X (user77)", "pay now")),
    ("message_1.json", json.dumps(META).encode(), "meta", ("me", "first")),
    ("chat_history.json", json.dumps(SNAPCHAT).encode(), "snapchat", ("x.y", "hi")),
    ("x.json", json.dumps(DISCORD).encode(), "discord", ("x (9)", "hi")),
    ("messages.html", PAGE, "telegram", ("X", "pay\nnow")), ("a.eml", MAIL, "mail", ("X <x@evil.example>", "pay")),
])  # fmt: skip
def test_exports_of_the_common_messengers(name: str, data: bytes, app: str, first: tuple[str, str]) -> None:
    found = read(name, data)
    assert found.app == app and not found.error
    assert (found.messages[0].by, found.messages[0].text.strip()) == first


def test_letters_written_twice_are_mended_and_headers_stay_in_order() -> None:
    assert read("m.json", json.dumps(META).encode()).messages[1].by == "Böse"
    assert read("x.json", json.dumps(META).encode()).messages[0].medium == "p/1.jpg"
    assert read("a.eml", MAIL).headers[:2] == ["Received: from a by b", "Received: from c by a"]
    assert [one.by for one in read("m.html", PAGE).messages] == ["X", "X"]


def test_what_is_none_of_these_is_kept_as_lines_or_named() -> None:
    assert [one.text for one in read("note.txt", b"one\n\ntwo").messages] == ["one", "two"]
    assert read("x.pdf", b"%PDF-1.7\0\0").error == "unknown-format"
    assert read("x.txt", b"").error == "empty"
    assert read("x.json", b"[" * 100_000).error in ("", "unknown-format")
    page = chats.read_html(b"<html><script>steal()</script><p>words</p></html>")[1]
    assert [one.text for one in page] == ["words"]


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def test_an_archive_gives_its_members_and_no_picture() -> None:
    picture = b"\xff\xd8\xff\xe0" + b"x" * 100
    data = archive(**{"a__chat.txt": b"13/02/2026, 21:15 - X: hi", "..__1.jpg": picture, "in.zip": archive(a=b"x")})
    seen: list[bytes] = []

    def look(inner: bytes) -> Picture:
        seen.append(inner)
        return Picture(mime="image/jpeg", pdq=["ab" * 32] * 8, pdq_quality=80)

    found = {one.name: one for one in reading.read("x.zip", data, look)}
    assert found["chat.txt"].app == "whatsapp" and found["1.jpg"].pdq == "ab" * 32 and seen == [picture]
    assert found["in.zip"].error == "unknown-format"
    left = {one.name: one for one in reading.read("x.zip", data, None)}
    assert left["1.jpg"].error == "left-out" and left["1.jpg"].sha256 and not left["1.jpg"].pdq


def test_bombs_and_damaged_archives_are_told() -> None:
    found = reading.read("x.zip", archive(bomb=b"0" * 40_000_000, fine=b"a"), None)
    assert {one.name: one.error for one in found} == {"x.zip": "", "bomb": "too-large", "fine": ""}
    assert reading.read("x.zip", b"PK\x03\x04" + b"z" * 50, None)[0].error == "corrupt"


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as one:
        if not one.state()["on"]:
            pytest.skip("the decoder cannot be sealed here: " + one.state()["reason"])
        yield one


def test_it_is_read_inside_the_seal(decoder: Decoder) -> None:
    for name, data in (("m.json", json.dumps(META).encode()), ("m.html", PAGE), ("a.eml", MAIL)):
        (found,) = decoder.decode_kept(name, data, look=False)
        assert not found.error and found.messages, (name, found)
    found = decoder.decode_kept("x.zip", archive(chat=b"13/02/2026, 21:15 - X: hi"), look=True)
    assert [one.kind for one in found] == ["archive", "chat"]


@pytest.mark.django_db
def test_pictures_of_a_minor_are_not_looked_at(inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(keeping.uploading, "read_kept", lambda name, data, look: asked.append(look) or chat(name))
    for age in ("minor", "unknown", "adult"):
        case = make_case(inside, age=age)
        keeping.take_in(case, "a.txt", b"x", agreed=True, actor="caseworker:1", now=NOON)
    assert asked == [False, False, True]


@pytest.mark.django_db
def test_nothing_of_it_is_readable_in_the_database(inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connection

    full_case(inside, monkeypatch)
    with connection.cursor() as cursor:
        for table in ("evidence_kept", "evidence_fact", "evidence_pack"):
            cursor.execute(f"SELECT string_agg({table}::text, ' ') FROM {table}")
            text = cursor.fetchone()[0] or ""
            assert WALLET not in text and "Stranger" not in text and "chat.txt" not in text, table


@pytest.mark.django_db
def test_deleting_a_file_keeps_what_a_person_confirmed(inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case = make_case(inside)
    monkeypatch.setattr(keeping.uploading, "read_kept", lambda name, data, look: chat(name))
    keeping.take_in(case, "a.txt", b"x", agreed=True, actor="caseworker:1", now=NOON)
    wallet = Fact.objects.get(case=case, kind="wallet")
    deciding.decide(wallet, "confirm", "caseworker:1", NOON)
    assert keeping.drop(case, Kept.objects.get(case=case).pk, "caseworker:1", NOON)
    assert [one.kind for one in Fact.objects.filter(case=case)] == ["wallet"]
    assert not Kept.objects.filter(case=case).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["action", "sha256", "at", "gone", "order"])
def test_a_changed_line_of_the_chain_is_told(
    inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    from django.db.utils import ProgrammingError

    case = full_case(inside, monkeypatch)
    assert custody.problems(case.pk) == [] and Custody.objects.filter(case=case).count() >= 2
    row = Custody.objects.filter(case=case).order_by("number").first()
    assert row is not None
    from django.db import connection, transaction

    with pytest.raises(ProgrammingError), transaction.atomic():
        Custody.objects.filter(pk=row.pk).update(action="x")  # the app role may only append
    with role("efface_owner"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE evidence_custody NO FORCE ROW LEVEL SECURITY")
        rows = Custody.objects.filter(pk=row.pk)
        if change == "gone":
            rows.delete()
        elif change == "order":
            rows.update(number=99)
        else:
            rows.update(**{change: {"action": "x", "sha256": "0" * 64, "at": NOON.replace(year=2020)}[change]})
    assert custody.problems(case.pk) != []


@pytest.mark.django_db
def test_a_letter_no_font_has_does_not_stop_a_pack(
    inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    case = full_case(inside, monkeypatch)
    for number, words in enumerate(("x \U0001f621 y", "\u0d15\u1200\u13a0\ua000", "\u202eevil\u200b")):
        deciding.add(case, "demand", words, "", f"caseworker:{number}", NOON)
    pack, _ = order(case)
    assert pack.state == "ready", pack.problem


@pytest.mark.django_db
def test_erasure_takes_the_rings_along(inside: Any, now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from efface.evidence.extortion import rings

    one, other = make_case(inside), make_case(inside)
    for case in (one, other):
        deciding.add(case, "wallet", WALLET, "", "caseworker:1", NOON)
    assert [ring.others for ring in rings.of(one)] == [1]
    erasing.erase(other, "lead:1", NOON)
    assert rings.of(one) == []
