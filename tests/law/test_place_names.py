"""Places are called as her language calls them, and stand in the order of its alphabet."""

from __future__ import annotations

import dataclasses

import pytest

from efface.law import check, load


def test_every_language_names_every_place() -> None:
    law = load()
    assert {"de", "es", "pl", "uk"} <= set(law.place_names)
    for names in law.place_names.values():
        assert set(names) == set(law.jurisdictions)


@pytest.mark.parametrize(
    ("names", "said"),
    [({}, "pl.AR is missing"), ({"XX": "Nigdzie"}, "pl.XX is a name of nothing"), ({"AR": " "}, "' ' does not name"),
     ({"AR": "Australia", "AU": "Australia"}, "'Australia' does not name one place")],
)  # fmt: skip
def test_a_name_that_is_missing_or_wrong_is_seen(names: dict[str, str], said: str) -> None:
    found = check.problems(dataclasses.replace(load(), place_names={"pl": names}))
    assert any(said in one for one in found)


@pytest.mark.parametrize(
    ("code", "language", "said"),
    [("DE", "pl", "Niemcy"), ("DE", "uk", "Німеччина"), ("DE", "pl-PL", "Niemcy"), ("DE", "en", "Germany"),
     ("DE", "xx", "Germany")],
)  # fmt: skip
def test_a_place_is_called(code: str, language: str, said: str) -> None:
    assert load().called(code, language) == said


@pytest.mark.parametrize(
    ("language", "row"),
    [
        ("en", "BR CA FR DE UA US"), ("pl", "BR FR ES IN IE IL CA DE PL UA IT"),
        ("uk", "BR GE IL IN IE ES IT CA DE PL UA"), ("fr", "DE BR CA ES US FR"),
    ],
)  # fmt: skip
def test_names_stand_where_the_alphabet_has_them(language: str, row: str) -> None:
    law = load()
    order = [place.id for _name, place in law.by_name(law.countries().values(), language)]
    assert [one for one in order if one in row.split()] == row.split()
