"""What Polish asks of a notice beyond the rest: no place is inflected, and nobody is blamed or called man or woman."""

import re

import pytest

from efface.law import load
from efface.takedown import templates

TYPES = sorted(load().notices)
NAMES = "organisation|signatory|recipient|reference|domain|controller|processor|asked_to|hash_lists|email"
"""Places that hold a name or an address, which would have to be inflected."""
BEFORE = re.compile(r"(?:^|[:;,.(]|\b(?:że|organizacji|znaku?|domeny|adres|to))$")
"""What may stand before one: the start or a break of the sentence (it is the subject, or stands by itself), a
conjunction or "to" before the subject, or a word that is inflected in its place."""
UNFIT = re.compile(
    r"zemst|porno|ofiar|kompromit|nagie zdj|roznegliż|\bpan[ia]?\b(?!stw)|\bpanią\b"
    r"|\bmiał[ae]ś\b|\bbył[ae]ś\b",
    re.IGNORECASE,
)
"""Words that blame, sell, or settle the depicted person's or the reader's sex."""


def inflected(text: str) -> list[str]:
    """What stands on the line before each name that would have to be inflected there."""
    before = (text[: one.start()].rsplit("\n", 1)[-1].strip() for one in re.finditer(rf"{{(?:{NAMES})}}", text))
    return [line for line in before if not BEFORE.search(line)]


def texts(type: str) -> list[str]:
    words = templates.template(type, "pl")
    parts = [words.subject, words.title, *(one.heading for one in words.blocks), *(one.text for one in words.blocks)]
    return parts + [one.value or "" for one in words.fields] + [one.label for one in words.fields]


@pytest.mark.parametrize("type", TYPES)
def test_every_notice_is_written_without_inflecting_a_name(type: str) -> None:
    unwrapped = [re.sub(r"(?<=\S)\n(?=\S)", " ", one) for one in texts(type)]
    assert [line for one in unwrapped for line in inflected(one)] == []


@pytest.mark.parametrize("type", TYPES)
def test_no_notice_blames_or_settles_a_sex(type: str) -> None:
    assert [one for one in texts(type) if UNFIT.search(one)] == []


@pytest.mark.parametrize(
    "text",
    ["Piszemy do {recipient} w sprawie.", "Skarga na {controller}", "w imieniu {organisation}", "bez {reference}"],
)
def test_an_inflected_name_is_seen(text: str) -> None:
    assert inflected(text)


@pytest.mark.parametrize("text", ["tak zwana zemsta porno", "ofiara", "Szanowna Pani", "gdy miałaś mniej lat"])
def test_an_unfit_word_is_seen(text: str) -> None:
    assert UNFIT.search(text)


def test_state_form_is_not_taken_for_a_sex() -> None:
    assert not UNFIT.search("Prosimy Państwa o odpowiedź; znanych Państwu kopii")
