"""Packs: made, sealed, opened and checked with stock tools; a changed byte anywhere is found."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from efface.evidence.models import Custody, Pack
from efface.evidence.packs import container, verifying
from tests.evidence.conftest import Tsa
from tests.evidence.packing import full_case, opened, order, sealed

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(inside: Any, now: Any, tsa: Tsa, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Pack, bytes, str]:
    monkeypatch.setenv("EFFACE_DATA", str(tmp_path / "data"))
    case = full_case(inside, monkeypatch)
    pack, secret = order(case)
    assert pack.state == "ready", pack.problem
    return pack, sealed(pack), secret


def check(data: bytes, secret: str = "") -> verifying.Verdict:
    return verifying.verify(io.BytesIO(data), secret)


def test_a_pack_verifies(made: tuple[Pack, bytes, str]) -> None:
    pack, data, secret = made
    verdict = check(data, secret)
    assert verdict.problems == [] and verdict.ok and verdict.stamped_at is not None
    assert verdict.files == pack.members
    assert {"handed-in", "captured", "stamped", "made", "handed-over"} <= set(
        Custody.objects.filter(case=pack.case).values_list("action", flat=True)
    )
