"""``efface bench ...``: what was promised, measured. Figures as JSON with ``--json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.group()
def bench() -> None:
    """Measure what was built against what was promised."""


@bench.command()
@click.option("--faces", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True,
              help="DIR/person/*.jpg, people never used for calibration.")  # fmt: skip
@click.option("--models", type=click.Path(path_type=Path, file_okay=False), default=None, help="Models folder.")
@click.option("--json", "as_json", is_flag=False, flag_value="-", default=None, metavar="[FILE]")
def faces(folder: Path, models: Path | None, as_json: str | None) -> None:
    """Face matching: misses, and true and false matches at the shipped thresholds."""
    from bench.faces import run
    from efface.engine.run.processes import models_folder

    text = json.dumps(run(folder, models or models_folder()), indent=2, default=str) + "\n"
    if as_json and as_json != "-":
        Path(as_json).write_text(text, encoding="utf-8")
    sys.stdout.write(text)


COMMANDS: list[click.Command] = [bench]
