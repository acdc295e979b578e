"""The search for what stayed of a picture: it must find a planted leak in every form, or its zero says nothing."""

from __future__ import annotations

import base64
import gzip
import random
import secrets
from pathlib import Path

import pytest

from testbed.demo.canaries import Searcher, search_files, spellings, unpacked

CANARY = secrets.token_bytes(16)


def noise(length: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(length)


@pytest.mark.parametrize("before", [0, 1, 2, 3, 7, 4097])
@pytest.mark.parametrize(
    "form", ["raw", "hex", "HEX", "base64", "urlsafe", "gzip"]
)
def test_a_leak_is_found_in_every_form_and_alignment(before: int, form: str) -> None:
    data = noise(before) + CANARY + noise(5000, 2)
    kept = {
        "raw": data, "hex": data.hex().encode(), "HEX": data.hex().upper().encode(), "base64": base64.b64encode(data),
        "urlsafe": base64.urlsafe_b64encode(data), "gzip": gzip.compress(data),
    }[form]  # fmt: skip
    searcher = Searcher([CANARY.hex(), secrets.token_hex(16)])
    leaks = [leak for one in unpacked(kept) for leak in searcher.search(one, "here")]
    assert {leak.canary for leak in leaks} == {CANARY.hex()}


def test_nothing_is_found_where_nothing_is() -> None:
    searcher = Searcher([secrets.token_hex(16) for _ in range(200)])
    assert searcher.search(noise(3_000_000), "noise") == []
    assert Searcher([]).search(noise(100), "noise") == []


def test_a_leak_across_two_chunks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testbed.demo.canaries.CHUNK", 1000)
    data = noise(992) + CANARY + noise(992, 3)
    assert Searcher([CANARY.hex()]).search(data, "x")


def test_files_are_searched_as_they_lie(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "wal").write_bytes(noise(9000) + CANARY + noise(10))
    (tmp_path / "clean").write_bytes(noise(9000, 4))
    leaks = search_files(Searcher([CANARY.hex()]), [tmp_path])
    assert [Path(leak.where).name for leak in leaks] == ["wal"]


def test_every_spelling_is_long_enough_to_mean_something() -> None:
    assert min(len(one) for one in spellings(CANARY)) >= 16


@pytest.mark.django_db
def test_a_leak_planted_in_a_sealed_field_and_an_object_is_seen(inside: object) -> None:
    from efface.cases import messages, opening
    from efface.engine.base import objects
    from efface.evidence.models import Capture
    from testbed.demo import rummage
    from tests.conftest import NOON

    case = opening.open_case(
        inside.pk, "caseworker:1", age="adult", country="DE", language="en", now=NOON  # type: ignore[attr-defined]
    ).case
    searcher = Searcher([CANARY.hex()])

    def found() -> set[str]:
        return {
            where for where, data in rummage.rows() for form in rummage.with_base64(data)
            if searcher.search(form, where)
        }  # fmt: skip

    assert found() == set()
    leaked = base64.b64encode(noise(700) + CANARY + noise(5)).decode()
    messages.write(case, from_survivor=True, author="survivor", text=leaked, now=NOON)
    assert found() == {"cases_message"}
    assert Capture.objects.count() == 0
    name = objects.put(case.pk, gzip.compress(noise(50) + CANARY))
    assert searcher.search(next(iter(list(unpacked(objects.get(case.pk, name)))[1:])), "object")
