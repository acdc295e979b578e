"""A running database for commands that need one for a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from efface.engine.base import locking, settings
from efface.engine.run import manage, postgres


@contextmanager
def database(role: str = "efface_app") -> Iterator[None]:
    """Use the running installation's database, or start it for the length of the command."""
    if not manage.kind_of_folder():
        raise click.ClickException("there is no installation here; run `efface init` first, or set EFFACE_DATA")
    if locking.is_locked():
        raise click.ClickException("this installation is locked; `efface unlock` gives its key back")
    manage.use_role(role)
    server = None
    if not settings.get("database_url") and not answers():
        server = postgres.Server.of_installation()
        try:
            server.start()
        except postgres.PostgresFailed as error:
            raise click.ClickException(str(error)) from None
    try:
        manage.setup_django()
        yield
    finally:
        if server:
            server.stop()


def answers() -> bool:
    """Whether the installation's own database is running already."""
    import psycopg

    try:
        postgres.Server.of_installation().connect().close()
    except psycopg.OperationalError:
        return False
    return True
