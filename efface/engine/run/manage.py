"""Making an installation: database, secrets, tables, kind. Each step may be run again."""

from __future__ import annotations

import os
from datetime import datetime

from django.core.management import call_command

from efface.engine.base import sealing, settings


class KindMismatch(RuntimeError):
    """The data folder was made as another kind of installation."""


def use_role(role: str) -> None:
    """Say as whom this process connects, before Django is set up."""
    os.environ["EFFACE_DATABASE_ROLE"] = role


def setup_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "efface.engine.base.django")
    import django

    django.setup()


def prepare_data_folder(kind: str) -> None:
    """Make the data folder and its secrets, and write the kind of installation into it once."""
    folder = settings.data_folder()
    folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    sealing.make_secret("installation.key")
    sealing.installation_key.cache_clear()
    mark = folder / "kind"
    if not mark.exists():
        mark.write_text(kind + "\n", encoding="ascii")
    found = mark.read_text(encoding="ascii").strip()
    if found != kind:
        raise KindMismatch(f"{folder} belongs to a {found} installation, not {kind}; choose another EFFACE_DATA")


def kind_of_folder() -> str:
    """The kind written in the data folder; "" where there is none yet."""
    try:
        return (settings.data_folder() / "kind").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def migrate(kind: str, now: datetime, virtual_now: datetime | None = None) -> None:
    """Create or update the tables, as the owner, and write the installation's kind into the database once."""
    from django.db import connection

    call_command("migrate", interactive=False, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO engine_installation (id, kind, created, virtual_now) VALUES (1, %s, %s, %s) "
            "ON CONFLICT (id) DO NOTHING",
            [kind, now, virtual_now],
        )
        cursor.execute("SELECT kind FROM engine_installation WHERE id = 1")
        found = cursor.fetchone()[0]
    if found != kind:
        raise KindMismatch(f"the database belongs to a {found} installation, not {kind}")
