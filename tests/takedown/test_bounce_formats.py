"""Delivery reports of many mail systems are known for what they are, and what only looks like one is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from efface.net.decoder.mail import read_mail
from efface.takedown.classify import Classification, classify

ROWS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("bounce_formats.yaml").read_text(encoding="utf-8"))
REPORTS = [row for row in ROWS if not row.get("other")]
OTHERS = [row for row in ROWS if row.get("other")]


def read(row: dict[str, Any]) -> Classification:
    return classify(read_mail(row["mail"].replace("\n", "\r\n").encode()))


@pytest.mark.parametrize("row", REPORTS, ids=lambda row: row["name"])
def test_a_report_is_known_and_names_the_mailbox(row: dict[str, Any]) -> None:
    found = read(row)
    assert (found.kind, found.address) == (row["kind"], row["address"]), found


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row["name"])
def test_what_is_no_report_is_not_called_one(row: dict[str, Any]) -> None:
    assert read(row).kind not in ("bounce", "delay", "feedback-report")
