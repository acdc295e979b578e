"""``efface access``: who may open what."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import click

from efface.cli.output import emit, json_option

#: Where the tests list, by hand, who may open what; each line of it is asked for by each role.
LISTED = Path(__file__).parents[2] / "tests" / "console" / "test_access.py"


@click.group()
def access() -> None:
    """Who may open which page."""


def tested_names(source: str) -> set[str]:
    """The views in the ``MATRIX`` of a test's source; empty where it has none."""
    for node in ast.parse(source).body:
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id == "MATRIX" and isinstance(node, ast.AnnAssign):
            keys = node.value.keys if isinstance(node.value, ast.Dict) else []
            return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return set()


@access.command("matrix")
@json_option
def matrix(as_json: str | None) -> None:
    """Print every view and which role it lets in. Exit 1 when one declares nothing, or no test asks for it.

    "tested" is told from the tests beside the program; where Efface was installed without them it is false."""
    from efface.engine.run import manage

    manage.setup_django()
    from efface.accounts import matrix as told

    names = tested_names(LISTED.read_text(encoding="utf-8")) if LISTED.exists() else set()
    lines = told.lines()
    rows: list[dict[str, Any]] = [
        {"view": one.name, "address": one.address, "roles": {who: one.lets(who) for who in told.WHO},
         "declared": one.declared, "before_second_step": one.before_second, "tested": one.name in names}
        for one in lines
    ]  # fmt: skip

    def words() -> None:
        wide = max(len(one.name) for one in lines)
        click.echo(" " * wide + "  " + "  ".join(who[:5].ljust(5) for who in told.WHO) + "  tested")
        for one, row in zip(lines, rows, strict=True):
            marks = "  ".join(("x" if row["roles"][who] else "·").ljust(5) for who in told.WHO)
            click.echo(f"{one.name.ljust(wide)}  {marks}  {'yes' if row['tested'] else 'NO'}")
        silent = [one.name for one in lines if not one.declared]
        click.echo(f"{len(lines)} views; closed to everybody for want of a word: {', '.join(silent) or 'none'}")

    emit(rows, as_json, words)
    if any(not row["declared"] for row in rows) or (names and any(not row["tested"] for row in rows)):
        raise SystemExit(1)
