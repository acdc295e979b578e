"""The growth bench: small, it runs as a whole and says what it measured; what it says follows from what it measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.crawl.filling import Size, shares
from bench.crawl.growth import STEPS, WANTED, Measured, TooSmall, sizes, with_cost


def test_every_step_is_measured_in_both_databases(tmp_path: Path) -> None:
    out = tmp_path / "growth.json"
    command = [
        sys.executable, "-m", "efface.cli.main", "bench", "crawl", "--growth", "--media", "2000", "--sites", "100",
        "--rounds", "1", "--no-sample", "--json", str(out),
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EFFACE_")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["steps"].keys() == STEPS.keys() and found["worst"] in STEPS
    assert found["growth_ratio"] == max(one["ratio"] for one in found["steps"].values()) > 0
    assert [sites for _media, sites in found["sizes"]] == [50, 100]
    assert found["sizes"][1][0] == pytest.approx(2000, rel=0.1)
    assert found["tables_mb_per_million"]["search_media"]["rows"] == pytest.approx(1e6, rel=0.01)
    assert found["all_tables_mb_per_million"] > 500 and found["peak_mb"] > 0 and len(found["load_s"]) == 2
    small, large = found["sweeps"]
    assert 0 < small["pages"] < large["pages"] and large["plan_s"] > 0


def test_the_ratio_is_that_of_the_medians_and_one_slow_round_changes_nothing() -> None:
    one = Measured(([0.010, 0.012, 0.9], [0.024, 0.9, 0.020]), ([0.01], [0.04]))
    assert (one.ratio, one.processor_ratio) == (2.0, 4.0)
    assert one.ms == (12.0, 24.0)


def test_planning_is_told_beside_what_carrying_out_so_many_pages_costs() -> None:
    sweeps = [{"pages": 10, "plan_cpu_s": 0.5}, {"pages": 1000, "plan_cpu_s": 0.2}]
    told = with_cost({"sweeps": sweeps}, {"pages": 50, "cpu_s": 2.0})
    assert told["sweeps"][1]["carry_out_cpu_s"] == 40.0
    assert told["sweep_plan_share"] == 0.005


def test_a_hundredth_is_compared_and_too_little_is_refused() -> None:
    assert sizes(1_000_000, 5000) == (Size(10_000, 50), Size(100_000, 500), Size(1_000_000, 5000))
    for media, sites in ((1000, 100), (100_000, 60)):
        with pytest.raises(TooSmall, match="--sites"):
            sizes(media, sites)
    assert WANTED == 3.0


def test_sites_of_a_block_are_the_same_in_a_small_and_in_a_large_world() -> None:
    small, large = shares(7, 10_000, 50), shares(7, 1_000_000, 5000)
    assert small == large and sum(small) == 10_000
    assert max(small) > 10 * min(small), "few sites have many media, most have few"
