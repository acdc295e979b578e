"""Mails that were made to be misread: hidden text, parted words, foreign letters, endless lines."""

from __future__ import annotations

import pytest

from efface.net.decoder.mail import read_mail
from efface.net.protocol import Mail
from efface.takedown.classify import Classification, classify
from efface.takedown.reading import disguised, visible

REMOVED = "The content has been removed."


def said(text: str) -> Classification:
    return classify(Mail(sender="d@host.example", subject="Re: notice", text=text))


def believed(found: Classification) -> bool:
    return found.kind == "claims-removal" and not found.needs_person


def html(body: str) -> Classification:
    head = "From: d@host.example\r\nSubject: Re: notice\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return classify(read_mail(f"{head}<html><body>{body}</body></html>".encode()))


def test_what_is_seen_is_believed() -> None:
    assert believed(said(REMOVED)) and believed(html(f"<p>{REMOVED}</p>"))


@pytest.mark.parametrize(
    "hidden",
    [
        "<!-- {} -->", "<p hidden>{}</p>", '<div style="display: none">{}</div>', '<span style="font-size:0px">{}</span>',  # noqa: E501
        '<div style="visibility:hidden"><div>{}</div></div>', '<p style="color: transparent">{}</p>',
        '<div style="opacity:0">{}</div>', '<div style="max-height:0;overflow:hidden">{}</div>', '<div style="mso-hide:all">{}',  # noqa: E501
    ],
)  # fmt: skip
def test_hidden_words_are_not_read(hidden: str) -> None:
    found = html(f"<p>Hello,</p>{hidden.format(REMOVED)}<p>we are thinking.</p>")
    assert found.kind != "claims-removal", found


@pytest.mark.parametrize(
    "text",
    [
        "We have n\u200bot removed the images.", "We have n\u00adot removed the images.",
        "We have n\u043et removed the images.", "\u202eWe have removed the images.", "We have rem\u2060oved the images.",  # noqa: E501
    ],
)  # fmt: skip
def test_a_word_in_disguise_is_never_believed(text: str) -> None:
    assert not believed(said(text)) and disguised(text)


def test_letters_that_nobody_sees_part_no_word() -> None:
    assert visible("n\u200bo\ufefft") == "not"
    assert not disguised("Мы удалили фото с IP-адреса. Фото 7.") and not disguised("می‌خواهیم")


@pytest.mark.parametrize("piece", ["removed ", "a" * 40 + " ", "not ", "> ", "we have ", "削除", ", ", "<div hidden>"])
def test_endless_lines_are_bounded(piece: str) -> None:
    found = said(piece * (100_000 // len(piece)))
    assert len(found.because) <= 600 and not believed(found)
