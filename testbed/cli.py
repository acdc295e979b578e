"""``efface testbed up|score``."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import click

from testbed import serve
from testbed.model import EPOCH
from testbed.people import NoGallery
from testbed.score import score
from testbed.world import generate


@click.group("testbed")
def group() -> None:
    """A seeded hostile little internet on loopback, and its score."""


@group.command("up")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the world; made if missing.",
)
@click.option("--seed", default=7, show_default=True, help="The same seed makes the same world.")
@click.option("--sites", default=40, show_default=True, help="Number of sites, at least ten.")
@click.option("--subjects", default=6, show_default=True, help="Number of subjects without a gallery.")
@click.option(
    "--gallery",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of photos, a folder per person; people with three or more become subjects.",
)
@click.option("--days", default=90, show_default=True, help="Days the world is meant to run.")
@click.option("--start", default=EPOCH, show_default=True, help="World time at the start.")
@click.option("--mail-in", default="", help="HOST:PORT where the desks' answers are delivered.")
@click.option("--build-only", is_flag=True, help="Generate the world and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON only.")
def up(
    folder: Path,
    seed: int,
    sites: int,
    subjects: int,
    gallery: Path | None,
    days: int,
    start: str,
    mail_in: str,
    build_only: bool,
    as_json: bool,
) -> None:
    """Build a world and serve it until interrupted."""
    try:
        world = generate(seed, sites, subjects, gallery, days, folder.resolve(), start)
        address = serve.parse_address(mail_in) if mail_in else None
    except (NoGallery, ValueError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"the world could not be written: {error}") from None
    facts = {
        "folder": str(folder.resolve()),
        "seed": seed,
        "sites": len(world.sites),
        "subjects": len(world.subjects),
        "planted": sum(1 for item in world.items if not item.of),
    }
    if as_json:
        click.echo(json.dumps(facts))
    else:
        click.echo(
            f"{facts['sites']} sites, {facts['subjects']} subjects, {facts['planted']} planted copies "
            f"in {facts['folder']}"
        )
    if not build_only:
        asyncio.run(serve.run(folder.resolve(), address))


@group.command("score")
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder of the world that ran.",
)
@click.option("--export", "export", type=click.File("r"), required=True, help="Efface's export as JSON; - reads stdin.")
@click.option("--json", "out", is_flag=False, flag_value="-", default="", help="Write JSON to FILE, or to stdout.")
def score_command(folder: Path, export: Any, out: str) -> None:
    """Compare an export with the truth of a world."""
    try:
        figures = score(folder, json.load(export))
    except FileNotFoundError as error:
        raise click.ClickException(f"not a world's folder: {Path(error.filename).name} is missing") from None
    except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise click.ClickException(f"the export does not have the expected shape: {error!r}") from None
    if out and out != "-":
        Path(out).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        return
    if out == "-":
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    for name, value in figures.items():
        click.echo(f"{name:22} {value}")


COMMANDS: list[click.Command] = [group]
