"""Every command takes ``--json [FILE]``: without FILE, standard output is JSON and nothing else."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

json_option: Callable[[Any], Any] = click.option(
    "--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]",
    help="Write the result as JSON to FILE, or to standard output.",
)  # fmt: skip


def emit(result: Any, as_json: str | None, words: Callable[[], None]) -> None:
    """Print a result in words, or as JSON."""
    if as_json is None:
        words()
        return
    text = json.dumps(result, indent=2, ensure_ascii=False, default=str)
    if as_json == "-":
        sys.stdout.write(text + "\n")
        return
    try:
        Path(as_json).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{as_json} cannot be written: {error.strerror}") from None
    words()
