"""An installation of its own in a temporary folder, with PostgreSQL, tables and one case, for measuring."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString, cast

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    organisation: uuid.UUID
    case: uuid.UUID
    folder: Path


@contextmanager
def installation(keep: Path | None = None) -> Iterator[Place]:
    """Made, used, removed. The process is connected as the app. In the folder ``keep`` it is left, and used again."""
    folder = keep.absolute() if keep else Path(tempfile.mkdtemp(prefix="efface-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        folder.chmod(0o711)
    os.environ.pop("EFFACE_DATABASE_URL", None)
    os.environ |= {
        "EFFACE_DATA": str(folder), "EFFACE_DATABASE_ROLE": "efface_owner",
        "EFFACE_MAIL_DOMAIN": "reply.helpline.example",
    }  # fmt: skip
    from efface.engine.base import settings
    from efface.engine.run import manage, postgres

    settings.forget_cache()
    manage.prepare_data_folder("demo")
    server = postgres.Server.of_installation()
    server.start()
    try:
        manage.setup_django()
        manage.migrate("demo", NOW)
        yield _furnished(folder)
        from django.db import connection

        connection.close()
    finally:
        server.stop()
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _furnished(folder: Path) -> Place:
    from efface.accounts.models import Organisation
    from efface.cases import consents, opening
    from efface.cases.models import Case, Purpose
    from efface.engine.base import clock, tenancy

    for known in Organisation.objects.filter(short="example"):
        become("efface_app")
        with tenancy.organisation(known.pk):
            return Place(known.pk, Case.objects.exclude(reference__startswith="B").get().pk, folder)
    organisation = Organisation.objects.create(
        name="Example Helpline", short="example", country="DE", signatory="Removal Desk", created=NOW
    )
    become("efface_app")
    with clock.fixed(NOW), tenancy.organisation(organisation.pk):
        case = opening.open_case(
            organisation.pk, "caseworker:bench", age="adult", country="DE", language="en", name="Subject A", now=NOW,
            acquisition="self_generated_shared",
        ).case  # fmt: skip
        for purpose in (Purpose.NOTIFY, Purpose.CONTACT_OPERATOR):
            consents.give(case, purpose, "survivor", NOW)
    return Place(organisation.pk, case.pk, folder)


def become(role: str) -> None:
    """Connect as this role from now on, as a process of that kind does."""
    from django.db import connection

    connection.close()
    options: Any = connection.settings_dict.setdefault("OPTIONS", {})
    options["options"] = f"-c role={role}"
    connection.settings_dict["CONN_MAX_AGE"] = None


def statement(sql: str, *values: Any) -> list[Any]:
    """Run one statement as the database's own administrator, whom no row security narrows."""
    from efface.engine.base import database
    from efface.engine.run import postgres

    with postgres.Server.of_installation().connect(database.NAME) as connection:
        cursor = connection.execute(cast(LiteralString, sql), values or None)
        return list(cursor.fetchall()) if cursor.description else []
