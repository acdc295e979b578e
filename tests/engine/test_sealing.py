"""Sealed values: unreadable in the database, bound to their place, gone with their key."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from efface.cases.models import Case, Message
from efface.engine.base import sealing
from tests.conftest import NOON

KEY = b"k" * 32


@given(st.binary(max_size=300), st.text(max_size=20))
def test_what_is_sealed_opens_again(value: bytes, context: str) -> None:
    assert sealing.unseal(KEY, sealing.seal(KEY, value, context), context) == value


@given(st.binary(min_size=1, max_size=60), st.integers(min_value=0))
def test_one_changed_bit_is_noticed(value: bytes, position: int) -> None:
    sealed = bytearray(sealing.seal(KEY, value, "here"))
    sealed[position % len(sealed)] ^= 1
    with pytest.raises(sealing.SealBroken):
        sealing.unseal(KEY, bytes(sealed), "here")


def test_a_value_does_not_open_elsewhere() -> None:
    with pytest.raises(sealing.SealBroken):
        sealing.unseal(KEY, sealing.seal(KEY, b"x", "here"), "there")


def make_case(organisation: Any) -> Case:
    case = Case(organisation=organisation, reference="T-0001", opened_at=NOON)
    sealing.make_case_key(case.pk, organisation.pk)
    case.name = "Subject A"
    case.save()
    return case


def test_the_plain_value_is_not_in_the_database(inside: Any) -> None:
    case = make_case(inside)
    Message.objects.create(
        organisation=inside, case=case, from_survivor=True, author="survivor", at=NOON, text="please hurry"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM cases_message")
        raw = bytes(cursor.fetchone()[0])
    assert b"hurry" not in raw
    assert Message.objects.get().text == "please hurry"
    assert Case.objects.get().name == "Subject A"


def test_saving_again_without_reading_keeps_the_value(inside: Any) -> None:
    make_case(inside)
    case = Case.objects.get()
    case.language = "es"
    case.save()
    assert Case.objects.get().name == "Subject A"


def test_destroying_the_key_ends_it(inside: Any) -> None:
    case = make_case(inside)
    sealing.destroy_case_key(case.pk, NOON)
    assert Case.objects.get().name is None
    with pytest.raises(sealing.KeyMissing):
        sealing.case_key(case.pk)


def test_a_sealed_field_refuses_a_query_for_its_plain_value(inside: Any) -> None:
    with pytest.raises(TypeError, match="find it by a digest"):
        list(Message.objects.filter(text="please hurry"))


def test_digests_are_keyed_and_scoped() -> None:
    assert sealing.digest("url", "http://a") == sealing.digest("url", "http://a")
    assert sealing.digest("url", "http://a") != sealing.digest("page", "http://a")
