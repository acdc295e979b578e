"""What ended for good stands beside the database, whatever interrupts its writing."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from efface.engine.base import tombstones

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE, TWO = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EFFACE_DATA", str(tmp_path))
    return tmp_path


def test_it_is_added_once_and_read_by_its_user_alone() -> None:
    assert tombstones.read() == {}
    tombstones.add([(ONE, AT)])
    tombstones.add([(ONE, AT), (TWO, AT)])
    tombstones.add([])
    assert tombstones.read() == {ONE: AT, TWO: AT}
    assert len(tombstones.path().read_text().splitlines()) == 2
    assert tombstones.path().stat().st_mode & 0o077 == 0


def test_a_line_that_a_crash_cut_off_spoils_nothing() -> None:
    tombstones.add([(ONE, AT)])
    with tombstones.path().open("a") as file:
        file.write(str(TWO)[:20])
    assert tombstones.read() == {ONE: AT}
    tombstones.add([(TWO, AT)])
    assert tombstones.read() == {ONE: AT, TWO: AT}
    assert len(tombstones.path().read_text().splitlines()) == 2


WRONG = ["x\n", f"{ONE}\n", f"{ONE} yesterday\n", f"{ONE} {AT.isoformat()} more\n", "\x00 \x00\n"]


@pytest.mark.parametrize("text", WRONG)
def test_a_damaged_file_is_never_taken_for_a_whole_one(text: str, tmp_path: Path) -> None:
    tombstones.path().write_text(text)
    with pytest.raises(tombstones.Damaged, match="line 1"):
        tombstones.read()
    with pytest.raises(tombstones.Damaged, match="not there"):
        tombstones.read(tmp_path / "none")


def test_many_at_once_lose_nothing() -> None:
    ids = [uuid.uuid4() for _ in range(60)]
    threads = [threading.Thread(target=tombstones.add, args=([(one, AT)],)) for one in ids]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert set(tombstones.read()) == set(ids)


def test_erasing_and_taking_back_write_it_when_they_are_committed(
    organisation: Any, now: Any, django_capture_on_commit_callbacks: Any
) -> None:
    from efface.cases import consents, erasing
    from efface.engine.base import tenancy
    from tests import people

    case = people.open_case(organisation).case
    with django_capture_on_commit_callbacks() as callbacks, tenancy.organisation(organisation.pk):
        consents.give(case, "notify", "survivor", now)
        consents.withdraw(case, "notify", "survivor", now)
        row = case.consents.get()
        erasing.erase(case, "caseworker:test", now)
    assert tombstones.read() == {}, "nothing is written of what may still be rolled back"
    for one in callbacks:
        if "tombstones" in (*one.__code__.co_names, *one.__code__.co_freevars):
            one()
    assert set(tombstones.read()) == {case.pk, row.pk}
