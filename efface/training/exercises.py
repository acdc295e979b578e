"""The exercises: what to learn, what to do, what counts as careful. Words in English and German."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("exercises.yaml")
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exercise:
    """``opens``: the page on which it is done ("page"), with the name of a row ("of") and, for a decision, its "kind".
    ``steps``: done when one answer of each was given; ``wrong``: what a careful worker would not do, with why."""

    key: str
    opens: Mapping[str, str]
    title: Words
    learn: Words
    task: Words
    steps: tuple[tuple[str, ...], ...]
    well: Words
    wrong: Mapping[str, Words]


@cache
def all_of_them() -> dict[str, Exercise]:
    """By key, in the order in which they are best done."""
    given: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        key: Exercise(
            key, one["opens"], one["title"], one["learn"], one["task"],
            tuple(tuple(step) for step in one["steps"]), one["well"], one.get("wrong", {}),
        )
        for key, one in given.items()
    }  # fmt: skip


def in_language(words: Words, language: str) -> str:
    """In this language, else in English."""
    return words.get(language.partition("-")[0], words["en"])
