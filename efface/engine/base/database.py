"""Where the database is and as whom this process connects."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from efface.engine.base import sealing, settings

ROLES = ("efface_owner", "efface_app", "efface_engine")
NAME = "efface"


def process_role() -> str:
    """The database role of this process: the supervisor says it; without a word it is the app's."""
    role = os.environ.get("EFFACE_DATABASE_ROLE", "efface_app")
    if role not in ROLES:
        raise settings.SettingError(f"EFFACE_DATABASE_ROLE must be one of {', '.join(ROLES)}")
    return role


def socket_folder() -> str:
    return str(settings.database_socket_folder())


def parameters(role: str) -> dict[str, Any]:
    """Django's DATABASES entry for one role. A password is only read when a connection is made ready."""
    url = settings.get("database_url")
    entry: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": "test_efface"},
        "OPTIONS": {},
    }
    if url:
        parts = urlsplit(url)
        if parts.scheme not in ("postgres", "postgresql"):
            raise settings.SettingError("EFFACE_DATABASE_URL must begin with postgres://")
        # As libpq has it: postgres:///name?host=/folder is a socket there.
        socket = parse_qs(parts.query).get("host", [""])[0]
        entry |= {
            "NAME": parts.path.lstrip("/") or NAME,
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or socket,
            "PORT": str(parts.port or 5432),
        }
        if role != "efface_owner":
            entry["OPTIONS"] = {"options": f"-c role={role}"}
        return entry
    password = ""
    try:
        password = (sealing.secrets_folder() / f"database-{role}").read_text(encoding="ascii")
    except OSError:
        pass  # not initialised yet: doctor and init say so in words
    return entry | {"NAME": NAME, "USER": role, "PASSWORD": password, "HOST": socket_folder(), "PORT": "5432"}


def dsn(role: str) -> dict[str, Any]:
    """What psycopg needs of the parameters that Django gets."""
    entry = parameters(role)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {ours: entry[name] for name, ours in names.items() if entry[name]} | entry["OPTIONS"]
