"""``efface notice``: a notice as the desk that receives it reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from efface.cli.output import emit, json_option

if TYPE_CHECKING:
    from efface.takedown.showing import Shown


@click.group()
def notice() -> None:
    """Notices, as they are received."""


@notice.command()
@click.argument("which", required=False, metavar="NOTICE")
@click.option("--type", "notice_type", default="", help="Notice type, with --sample; `efface law types` lists them.")
@click.option("--language", default="en", help="Language of the sample, such as de. Default: en.")
@click.option("--sample", is_flag=True, help="Made-up facts instead of a notice of a case.")
@json_option
def show(which: str | None, notice_type: str, language: str, sample: bool, as_json: str | None) -> None:
    """Print a notice (NOTICE: its reference or id) with its machine-readable copy, or a sample of a type."""
    if sample == bool(which) or (sample and not notice_type):
        raise click.UsageError("give either NOTICE, or --sample with --type and --language")
    found = _sample(notice_type, language) if sample else _kept(str(which))
    emit(found.as_json(), as_json, lambda: _say(found))


def _sample(notice_type: str, language: str) -> Shown:
    from efface.engine.run import manage

    manage.setup_django()
    from efface.engine.base import clock
    from efface.takedown import sample, showing
    from efface.takedown.notice import NoticeError

    try:
        return showing.of_draft(sample.draft(notice_type, language, clock.wall()))
    except NoticeError as error:
        raise click.ClickException(f"{error}. `efface law types` lists what there is.") from None


def _kept(which: str) -> Shown:
    from efface.cli.session import database

    with database():
        import uuid

        from efface.accounts import audit
        from efface.accounts.models import Organisation
        from efface.engine.base import clock, tenancy
        from efface.takedown import showing
        from efface.takedown.models import Notice

        try:
            same = {"pk": uuid.UUID(which)}
        except ValueError:
            same = {"reference": which.strip().upper()}  # type: ignore[dict-item]
        for organisation in Organisation.objects.order_by("pk"):
            with tenancy.organisation(organisation.pk):
                row = Notice.objects.select_related("route", "case").filter(**same).first()
                if row is not None:
                    audit.record(organisation.pk, "operator", "notice.shown", str(row.pk), clock.now())
                    return showing.of_notice(row)
    raise click.ClickException(f"there is no notice {which!r}; its reference stands on the case's letters (EF-...)")


def _say(found: Shown) -> None:
    click.echo(found.plain())
    for field, label, value in found.answers:
        click.echo(f"[{field}] {label}\n{value}\n")
    for report in found.reports:
        click.echo(json.dumps(report, indent=1, ensure_ascii=False))
    if found.note:
        click.echo(found.note, err=True)
