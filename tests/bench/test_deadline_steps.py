"""The deadline bench runs as a whole, small: what it promises at any size holds, and it says what it measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_nothing_is_lost_or_done_twice_when_schedulers_are_killed(tmp_path: Path) -> None:
    out = tmp_path / "clocks.json"
    command = [
        sys.executable, "-m", "efface.cli.main", "bench", "clocks", "--cases", "400", "--notices", "2000",
        "--sample", "50", "--seed", "3", "--json", str(out),
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EFFACE_")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["missed"], found["early"], found["double"]) == (0, 0, 0) and found["cases"] == 400
    assert found["crash"]["kills"] > 0
    assert (found["crash"]["lost"], found["crash"]["next_lost"], found["crash"]["doubled"]) == (0, 0, 0)
    assert found["steps_vs_jobs"] > 1 and found["flat_ratio"] > 0
