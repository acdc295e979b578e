"""A sample report: figures that were published as they stand, so nothing in them is kept back or rounded."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def _read() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("sample.yaml").read_text(encoding="utf-8"))


def figures() -> dict[str, Any]:
    """In the form of a day's figures; what the sample does not say is empty."""
    told = _read()
    return {
        "day": str(told["day"]), "fewest": 5, "base": 1, "sample": True,
        "cases": {"parts": dict(told["cases"]["parts"]), "total": told["cases"]["opened"]},
        "open_age": {"parts": {}, "total": told["cases"]["parts"]["open"]}, "months": {"parts": {}, "total": None},
        "removal": None, "by": {"route": [], "host": [], "country": [], "network": []},
        "returned": {"gone_once": None, "came_back": None},
        "sites": [[str(day), number] for day, number in told["sites"]], "workload": {},
    }  # fmt: skip
