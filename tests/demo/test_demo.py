"""The whole way of a case, end to end, in a small world: the promises hold, also when processes are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
ZERO = (
    "false_matches", "wrong_party_notices", "duplicate_notices", "missed_deadlines", "false_gone",
    "media_bytes_retained",
)  # fmt: skip


def run(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    out = tmp_path / "out.json"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EFFACE_")}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-m", "efface.cli.main", "demo", "--exit", "--json", str(out), *arguments],
        capture_output=True, text=True, timeout=600, check=False, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert out.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    result: dict[str, Any] = json.loads(out.read_text())
    assert done.returncode == 0, done.stdout[-3000:]
    return result


def test_a_small_world_with_kills(tmp_path: Path) -> None:
    result = run(tmp_path, "--seed", "3", "--sites", "16", "--days", "60", "--crash", "3")
    assert {name: result[name] for name in ZERO} == dict.fromkeys(ZERO, 0)
    assert result["kills"] == 3
    assert result["found"] >= 0.95 * result["planted"]
    assert result["reappeared_detected"] == result["reappeared_planted"]
    assert result["gone_confirmed"] > 0
