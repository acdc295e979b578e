"""The corpus of replies is as large and as even as it says, and each entry comes out of its mail as it was written."""

from __future__ import annotations

import email
import re
from collections import Counter
from email.message import EmailMessage
from email.policy import default
from html import unescape
from typing import Any

import pytest

from bench.replies import HALVES, KINDS, LANGUAGES, MORE, Entry, mail, ordinary, replies, text
from bench.replies.build import html
from bench.replies.entries import CHARSETS, ENCODINGS, FORMS, LARGER, QUOTES, Malformed, entry

REPLIES = [found for half in HALVES for found in replies(half)]
DEVELOPED = [found for part in MORE for found in replies(part)]
ORDINARY = [found for half in HALVES for found in ordinary(half)]
RESERVED = re.compile(r"(?:\.(?:example|test|invalid)|^(?:127|192\.0\.2|198\.51\.100|203\.0\.113)\..*)$")
ROW: dict[str, Any] = {
    "id": "t-1",
    "kind": "other",
    "from": "A <a@host.example>",
    "subject": "Re: x",
    "body": "Hello.\n",
}


PARSED: dict[str, EmailMessage] = {}


def flat(words: str) -> str:
    return " ".join(words.split())


def parsed(found: Entry) -> EmailMessage:
    if found.id not in PARSED:
        message = email.message_from_bytes(mail(found), policy=default)
        assert isinstance(message, EmailMessage)
        PARSED[found.id] = message
    return PARSED[found.id]


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n").rstrip("\n")


def test_enough_of_each_kind_in_each_larger_language_and_in_both_halves() -> None:
    assert len(REPLIES) >= 264 and len(ORDINARY) >= 60
    for half in HALVES:
        counts = Counter((found.language, found.kind) for found in REPLIES if found.half == half)
        assert {language for language, _ in counts} == set(LANGUAGES)
        assert all(counts[language, kind] >= 4 for language in LARGER for kind in KINDS)
        assert {kind for language, kind in counts if language not in LARGER} == set(KINDS)
    both = Counter((found.language, found.kind) for found in REPLIES)
    assert min(both[language, kind] for language in LARGER for kind in KINDS) >= 8
    assert max(both, key=both.__getitem__)[0] == "en"


def test_halves_are_even() -> None:
    for language in LANGUAGES:
        by_half = Counter(found.half for found in REPLIES if found.language == language)
        assert abs(by_half["open"] - by_half["kept"]) <= 1
    by_half = Counter(found.half for found in ORDINARY)
    assert abs(by_half["open"] - by_half["kept"]) <= 1


def test_no_entry_stands_twice() -> None:
    everything = REPLIES + ORDINARY
    for worth in (
        [found.id for found in everything],
        [flat(found.body).casefold() for found in everything],
        [parsed(found)["Message-ID"] for found in everything],
    ):
        assert [value for value, times in Counter(worth).items() if times > 1] == []


def test_every_reply_says_why_in_its_own_words() -> None:
    for found in REPLIES:
        assert found.kind in KINDS, found.id
        assert found.because and flat(found.because) in flat(found.body), found.id
        if found.html:
            assert flat(found.because) in flat(unescape(re.sub(r"<[^>]*>", "", found.html))), found.id
    assert not any(found.kind or found.because for found in ORDINARY)


def test_replies_written_later_are_labelled_and_stand_once() -> None:
    later = [found for found in DEVELOPED if found.half in ("more/desks", "more/second", "more/third", "more/fourth")]
    assert len(later) >= 320
    for found in later:
        assert found.kind in KINDS and flat(found.because) in flat(found.body), found.id
    assert len({found.id for found in later}) == len({flat(found.body) for found in later}) == len(later)
    assert {"en", "de", "fr", "es", "it", "nl", "pt", "pl"} <= {found.language for found in later}


def test_every_form_charset_and_encoding_is_there() -> None:
    assert {found.charset for found in REPLIES} == set(CHARSETS)
    assert {found.encoding for found in REPLIES} == set(ENCODINGS)
    assert {found.form for found in REPLIES} == set(FORMS)
    below = [found.below for found in [*REPLIES, *DEVELOPED] if found.below]
    assert {style for _, style in below} == set(QUOTES)


@pytest.mark.parametrize("half", HALVES)
def test_a_mail_reads_as_it_was_written(half: str) -> None:
    for found in [*replies(half), *ordinary(half)]:
        message = parsed(found)
        assert not message.defects and not any(piece.defects for piece in message.walk()), found.id
        assert str(message["Subject"]) == found.subject, found.id
        for key, value in found.headers.items():
            assert str(message[key]) == value, found.id
        if found.form == "html":
            assert message.get_body(("plain",)) is None, found.id
        else:
            assert part(message, "plain") == text(found).rstrip("\n"), found.id
        if found.form != "plain":
            assert part(message, "html") == html(found).rstrip("\n"), found.id
        assert bool(list(message.iter_attachments())) == (found.form == "mixed"), found.id


def test_mails_are_lines_of_crlf_with_ascii_heads() -> None:
    for found in REPLIES + ORDINARY:
        raw = mail(found)
        assert b"\n" not in raw.replace(b"\r\n", b""), found.id
        head = raw.partition(b"\r\n\r\n")[0]
        assert head.isascii() and max(map(len, head.split(b"\r\n"))) <= 998, found.id
        if found.encoding == "7bit":
            assert raw.isascii(), found.id


def test_the_label_is_nowhere_in_the_head() -> None:
    for found in REPLIES:
        head = mail(found).partition(b"\r\n\r\n")[0].decode()
        assert found.id not in head
        assert f"<{found.kind}" not in head


def test_only_reserved_names_are_used() -> None:
    for found in REPLIES + DEVELOPED + ORDINARY:
        whole = f"{found.sender}\n{text(found)}\n{found.html}"
        for host in re.findall(r"(?:@|https?://)([\w.-]+\.\w+)", whole):
            assert RESERVED.search(host), (found.id, host)


def test_what_cannot_be_packed_is_refused_by_name() -> None:
    for wrong in (
        {"charset": "utf-16"},
        {"encoding": "uuencode"},
        {"form": "rich"},
        {"kind": "maybe"},
        {"colour": "red"},
    ):
        with pytest.raises(Malformed, match="t-1"):
            entry(ROW | wrong, "open", "en")
    with pytest.raises(Malformed, match="t-1"):
        entry(ROW | {"below": "en sideways"}, "open", "en")
    with pytest.raises(Malformed, match="from"):
        entry({key: value for key, value in ROW.items() if key != "from"}, "open", "en")
    with pytest.raises(ValueError, match="t-1"):
        mail(entry(ROW | {"body": "schön\n", "encoding": "7bit"}, "open", "en"))
    with pytest.raises(ValueError, match="line break"):
        mail(entry(ROW | {"subject": "Re: x\nBcc: someone@host.example"}, "open", "en"))
    with pytest.raises(ValueError, match="line break"):
        mail(entry(ROW | {"subject": "Re: ö\nBcc: someone@host.example"}, "open", "en"))


def test_the_notice_stands_below_the_answer_as_programs_quote_it() -> None:
    quoted = {style: text(entry(ROW | {"below": f"en {style}"}, "open", "en")) for style in QUOTES}
    assert quoted["unmarked"].startswith("Hello.\n\nDear Sir or Madam")
    assert all(body.startswith("Hello.\n\n") for body in quoted.values())
    assert "\n> Please remove the images" in quoted["angle"]
    assert "-----Original Message-----\nFrom: Helpline B" in quoted["outlook"]
    assert "\nPlease remove the images" in quoted["bare"] and ">" not in quoted["bare"]
