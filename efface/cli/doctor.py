"""``efface doctor``: is this installation in order?"""

from __future__ import annotations

import click

from efface.cli.output import emit, json_option

_MARK = {"ok": "ok     ", "note": "note   ", "warning": "warning", "problem": "PROBLEM"}


@click.command()
@json_option
def doctor(as_json: str | None) -> None:
    """Check this installation and say what to do. Exit 1 when something is wrong."""
    from efface.cli.session import database
    from efface.engine.run import health, manage

    if manage.kind_of_folder():
        try:
            with database("efface_engine"):
                findings = health.examine(with_database=True)
        except click.ClickException as error:
            findings = [*health.examine(with_database=False), health.Finding("database", "problem", error.message)]
    else:
        findings = health.examine(with_database=False)
    ok = not any(finding.level == "problem" for finding in findings)

    def words() -> None:
        for finding in findings:
            click.echo(f"{_MARK[finding.level]}  {finding.check}: {finding.words}")

    emit({"ok": ok, "findings": [finding.as_dict() for finding in findings]}, as_json, words)
    if not ok:
        raise SystemExit(1)
