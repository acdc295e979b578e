"""Plain words: every state has its own, none promises, none blames; foreign text is made harmless."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from efface.cases.models import Purpose
from efface.portal import words
from efface.portal.templatetags.doors import clean, defang, listed
from efface.search.models import FindingState

LATER = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def test_every_state_has_words_of_its_own() -> None:
    said = [words.state_words(state) for state in FindingState.values]
    assert len(set(said)) == len(said) and all(said)


def test_only_confirmed_is_said_to_be_found_no_more_and_nothing_is_called_deleted() -> None:
    for state in FindingState.values:
        said = words.state_words(state)
        if state not in ("gone-confirmed", "delisting-pending"):
            assert "Not found" not in said, state
        assert "deleted" not in said, state


def test_nothing_unproven_is_called_gone() -> None:
    for state in ("unreachable", "gated", "bot-blocked", "geo-blocked"):
        assert "do not count that as gone" in words.state_words(state)


@given(some.text(max_size=20))
def test_a_state_nobody_knows_still_has_words(state: str) -> None:
    assert words.state_words(state)


def test_what_comes_next() -> None:
    told = words.told(words.Standing("live", "adult", sent=2, planned=1, next_look=LATER, law_date=LATER))
    assert [line for line, _ in told.next] == [
        "We wrote to 2 of those who can remove it.", "The law gives them time until",
        "If they do not act, we write to the next ones. You need not do anything.", "We look again on",
    ]  # fmt: skip
    assert [at for _, at in told.next] == [None, LATER, None, LATER]


@pytest.mark.parametrize(("standing", "start"), [
    (words.Standing("live", "adult", paused=True, sent=1, next_look=LATER), "Everything is paused"),
    (words.Standing("live", "unknown", next_look=LATER), "We need one answer from you first"),
    (words.Standing("live", "minor", sent=3), "For pictures of somebody under 18"),
    (words.Standing("live", "adult", stopped="under 18: only hotline and police"), "Nothing more is done here for now"),
])  # fmt: skip
def test_one_thing_stands_before_all_others(standing: words.Standing, start: str) -> None:
    told = words.told(standing)
    assert len(told.next) == 1 and told.next[0][0].startswith(start) and told.next[0][1] is None


def test_every_purpose_has_a_switch() -> None:
    assert [one.purpose for one in words.permissions()] == list(Purpose)
    assert all(one.what and one.who for one in words.permissions())


@pytest.mark.parametrize(("address", "shown"), [
    ("https://a.example/p.jpg?u=b.c", "hxxps://a[.]example/p.jpg?u=b.c"),
    ("HTTP://A.example", "hxxp://A[.]example"),
    ("https://a.example/\n\u202egpj.exe", "hxxps://a[.]example/ gpj.exe"),
    ("nothing", "nothing"),
])  # fmt: skip
def test_addresses_cannot_be_clicked(address: str, shown: str) -> None:
    assert defang(address) == shown


@given(some.text(max_size=300))
def test_foreign_text_keeps_no_trick(text: str) -> None:
    import unicodedata

    shown = clean(text)
    assert all(one in "\n\t" or unicodedata.category(one)[0] != "C" for one in shown)
    assert clean(shown) == shown


def test_foreign_pieces_in_a_row_are_cleaned_and_escaped_once() -> None:
    from django.template import engines

    shown = engines["django"].from_string("{% load doors %}{{ pieces|listed:'; ' }}").render(
        {"pieces": ["the registry's data", "<b>\u202egnp</b>"]}
    )
    assert shown == "the registry&#x27;s data; &lt;b&gt;gnp&lt;/b&gt;"
    assert listed(None) == ""
