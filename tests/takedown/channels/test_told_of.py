"""What was handed on by hand stands in the history of its permission, also after that was taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from efface.cases import consents, uses
from efface.cases.models import Purpose
from efface.portal import words
from efface.takedown.channels import doing, steps
from efface.takedown.channels.hash_list import offering
from tests.casework import make_case, make_finding
from tests.conftest import NOON
from tests.takedown.channels.test_steps import POLICE, WHO

pytestmark = pytest.mark.django_db


def test_the_case_that_went_to_the_police_stands_in_her_history(inside: Any) -> None:
    case = make_case(inside)
    consents.give(case, Purpose.POLICE, "survivor", NOON)
    step = steps.ensure(make_finding(case), POLICE, NOON)
    assert uses.history(case, Purpose.POLICE, NOON) == []
    doing.done(step.pk, WHO, NOON + timedelta(hours=1), reference="file 7")
    consents.withdraw(case, Purpose.POLICE, "survivor", NOON + timedelta(hours=2))
    (use,) = uses.history(case, Purpose.POLICE, NOON + timedelta(days=1))
    assert use.what == "passed-on" and use.day == NOON.date() and use.by
    assert words.use_words(use, Purpose.POLICE) == f"It was passed on to {use.by}."
    assert "file 7" not in words.use_words(use, Purpose.POLICE)
    assert uses.sent([use]) == [use], "and she is told that it cannot be called back"
    assert uses.history(case, Purpose.NOTIFY, NOON + timedelta(days=1)) == [], "it stands under its own permission"


def test_a_list_she_used_herself_is_hers_and_nothing_that_we_sent(inside: Any) -> None:
    case = make_case(inside)
    consents.give(case, Purpose.HASH_LISTS, "survivor", NOON)
    offering.says(case, "stopncii", "done", "survivor", NOON)
    (use,) = uses.history(case, Purpose.HASH_LISTS, NOON)
    assert use.what == "by-her" and uses.sent([use]) == []
    assert words.use_words(use, Purpose.HASH_LISTS).startswith("You did this yourself")
    offering.says(case, "stopncii", "undone", "survivor", NOON)
    assert uses.history(case, Purpose.HASH_LISTS, NOON) == []


def test_a_list_that_was_asked_is_told_in_its_own_words(inside: Any) -> None:
    case = make_case(inside)
    uses.note(case, Purpose.HASH_LISTS, "asked", NOON, by="a list", found=0)
    (use,) = uses.history(case, Purpose.HASH_LISTS, NOON)
    assert (
        words.use_words(use, Purpose.HASH_LISTS) == "Your pictures' fingerprints were compared with this list: a list."
    )
