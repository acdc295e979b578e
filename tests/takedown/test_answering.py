"""What a desk asks for is told and answered in words; never with a passport, nor by a machine where it may not."""

from __future__ import annotations

import re

import pytest

from efface.takedown import answering

VALUES = {"sent": "2026-03-02 12:00 UTC", "reference": "EF-ABC", "organisation": "Example Helpline"}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("To process your request please send a copy of a government issued identity document.", ("identity",)),
        ("Please attach a scan of her passport.", ("identity",)),
        ("Bitte senden Sie uns eine Ausweiskopie und eine Vollmacht.", ("identity", "authority")),
        ("Necesitamos su pasaporte y un poder notarial.", ("identity", "authority")),
        ("Merci de nous envoyer une pièce d'identité.", ("identity",)),
        ("Prosimy o skan dowodu osobistego.", ("identity",)),
        ("Please send us the exact URL of each picture and state on whose behalf you are writing.",
         ("authority", "urls")),
        ("Under what law do you ask this? Please name the legal basis.", ("law",)),
        ("Please use our web form for such reports.", ("form",)),
        ("We act upon a court order only.", ("order",)),
        ("All notices are forwarded to the Lumen database.", ("publishes",)),
        ("Your complaint will be published on our site.", ("publishes",)),
        ("We have removed the content.", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_what_is_asked_for(text: str, asked: tuple[str, ...]) -> None:
    assert answering.wants(text) == asked


def test_what_they_quote_is_not_what_they_ask() -> None:
    quoted = "We look into it.\n\nOn Mon, 2 Mar 2026, Example Helpline wrote:\n> please send the exact URL\n> passport"
    assert answering.wants(quoted) == ()


@pytest.mark.parametrize(
    ("asked", "may"),
    [((), False), (("urls",), True), (("identity", "authority", "law"), True), (("urls", "form"), False),
     (("order",), False), (("identity", "publishes"), False)],
)  # fmt: skip
def test_a_machine_answers_only_what_words_answer(asked: tuple[str, ...], may: bool) -> None:
    assert answering.answerable(asked) is may


@pytest.mark.parametrize("language", sorted(answering.languages()))
def test_every_language_answers_everything_and_promises_no_document(language: str) -> None:
    said = answering.preface(answering.ANSWERED, language, VALUES)
    assert "Example Helpline" in said and "EF-ABC" in said and VALUES["sent"] in said
    assert not re.search(r"[{}]", said)
    assert said.count("\n\n") == len(answering.ANSWERED) + 1
    assert len(answering.preface(["identity"], language, VALUES, attested=True)) > len(
        answering.preface(["identity"], language, VALUES)
    ), "that two workers know the person is said only where they do"


@pytest.mark.parametrize("language", sorted(answering.languages()))
def test_letter_and_statement_are_named_with_their_day_only_where_they_stand(language: str) -> None:
    given = VALUES | {"signed": "2026-01-05", "stated": "2026-02-07"}
    said = answering.preface(answering.ANSWERED, language, given, attested=True)
    assert "2026-01-05" in said and "2026-02-07" in said and not re.search(r"[{}]", said)
    assert "2026-01-05" not in answering.preface(["identity"], language, given)
    plain, dated = (answering.preface(["authority"], language, values) for values in (VALUES, given))
    assert len(plain) < len(dated)


def test_the_eight_languages_are_there_and_others_get_english() -> None:
    assert answering.languages() >= {"en", "de", "es", "fr", "it", "nl", "pl", "pt"}
    assert answering.preface(["law"], "xx", VALUES) == answering.preface(["law"], "en", VALUES)


def test_hostile_text_costs_no_more_than_its_length() -> None:
    for text in ("a copy of " * 5_000, "please send " + "x " * 20_000, "\x00\u202e" * 9_000, "notice " * 9_000):
        assert isinstance(answering.wants(text), tuple)
