"""A demo installation of Efface in a folder of its own, told of the world's services, with invented members."""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from efface.engine.base import database, sealing, settings
from efface.engine.run import manage, postgres, processes, supervisor
from testbed.demo.world import World

MAIL_DOMAIN = "mail.example-helpline.org"
MEMBERS = (
    ("coordinator", "Coordinator One"),
    ("lead", "Lead One"),
    ("caseworker", "Caseworker One"),
)


@dataclass(frozen=True, slots=True)
class SignIn:
    role: str
    email: str
    password: str
    key: str
    """Of the app that makes the codes of the second step, base32."""

    def code(self) -> str:
        """The code that app shows now (RFC 6238: SHA-1, six digits, thirty seconds)."""
        counter = struct.pack(">Q", int(time.time()) // 30)
        digest = hmac.digest(base64.b32decode(self.key), counter, "sha1")
        at = digest[-1] & 15
        value = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
        return f"{value % 1_000_000:06}"


def free_port() -> int:
    """A port free on loopback now. Somebody else may take it before it is used; then the start fails and says so."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Installation:
    """A demo installation: made, started, driven, stopped."""

    def __init__(self, folder: Path, mail_port: int, models: Path | None) -> None:
        self.folder, self.mail_port, self.models = folder, mail_port, models
        self.server: postgres.Server | None = None
        self.supervisor: supervisor.Supervisor | None = None
        self.sign_ins: list[SignIn] = []
        self.connection: psycopg.Connection[Any] | None = None

    def configure(self, world: World) -> None:
        """Say everything through the environment, as an operator would."""
        smtp_host, smtp_port = world.ready["smtp"]
        os.environ.update(
            EFFACE_DATA=str(self.folder),
            EFFACE_SMTP_HOST=str(smtp_host),
            EFFACE_SMTP_PORT=str(smtp_port),
            EFFACE_SMTP_TLS="false",
            EFFACE_MAIL_DOMAIN=MAIL_DOMAIN,
            EFFACE_MAIL_IN_PORT=str(self.mail_port),
            EFFACE_TSA_URL=world.ready["tsa"]["url"],
            EFFACE_TSA_CERTIFICATE=world.ready["tsa"]["chain"],
            EFFACE_WEB_PORT="0",
            EFFACE_SESSION_MINUTES="600",
            EFFACE_WORKERS="3",
        )
        os.environ.pop("EFFACE_DATABASE_URL", None)
        settings.forget_cache()

    def make(self, world: World) -> None:
        """Database, tables, kind, organisation, members, registry."""
        manage.prepare_data_folder("demo")
        if self.models and not processes.models_folder().exists():
            processes.models_folder().symlink_to(self.models)
        self.server = postgres.Server.of_installation()
        self.server.start()
        members = [
            {"role": role, "name": name, "email": f"{role}@example.org", "password": secrets.token_urlsafe(9),
             "key": base64.b32encode(secrets.token_bytes(20)).decode()}
            for role, name in MEMBERS
        ]
        plan = {"start": world.ready["start"], "members": members, "seeds": world.ready["seeds"]}
        done = subprocess.run(
            [sys.executable, "-m", "testbed.demo.furnish"], input=json.dumps(plan), text=True, capture_output=True,
            check=False, env=processes.trusted_environment("efface_owner"), cwd="/",
        )  # fmt: skip
        if done.returncode:
            raise supervisor.StartFailed(f"the demo installation could not be made:\n{done.stderr[-2000:]}")
        self.sign_ins = [SignIn(one["role"], one["email"], one["password"], one["key"]) for one in members]

    def start(self, world: World, tell: Any) -> None:
        assert self.server is not None
        self.supervisor = supervisor.Supervisor(world_fd=world.descriptor, server=self.server, tell=tell)
        self.supervisor.start(timeout=90)
        password = (sealing.secrets_folder() / "database-efface_engine").read_text(encoding="ascii")
        self.connection = psycopg.connect(
            host=database.socket_folder(),
            user="efface_engine",
            password=password,
            dbname=database.NAME,
            autocommit=True,
        )

    @property
    def origin(self) -> str:
        port = (settings.run_folder() / "web-port").read_text(encoding="ascii")
        return f"http://127.0.0.1:{port}"

    def _one(self, query: Any, parameters: list[Any] | None = None) -> Any:
        assert self.connection is not None
        row = self.connection.execute(query, parameters).fetchone()
        return row[0] if row else None

    def work_left(self, now: datetime) -> int:
        """Jobs waiting or running, and deadlines that are due."""
        return int(
            self._one(
                "SELECT (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))"
                " + (SELECT count(*) FROM engine_deadline WHERE state = 'waiting' AND due <= %s)",
                [now],
            )
        )

    def next_due(self) -> datetime | None:
        return self._one("SELECT min(due) FROM engine_deadline WHERE state = 'waiting'")  # type: ignore[no-any-return]

    def drive(self, moment: datetime) -> None:
        """Set the virtual clock, as the app role; the database knows that this is no production installation."""
        assert self.connection is not None
        with self.connection.transaction():
            self.connection.execute("SET LOCAL ROLE efface_app")
            self.connection.execute(
                "UPDATE engine_installation SET virtual_now = %s WHERE kind <> 'production'", [moment]
            )
            self.connection.execute("SELECT pg_notify('efface_clock', '')")

    def failed_jobs(self) -> int:
        return int(self._one("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'"))

    def unclear_messages(self) -> int:
        """Messages that may or may not have left, and that nobody has judged yet."""
        return int(self._one("SELECT count(*) FROM engine_outbox WHERE state = 'ambiguous'"))

    def export(self) -> dict[str, Any]:
        """What Efface says it did, in the form the score reads."""
        done = subprocess.run(
            [sys.executable, "-m", "testbed.demo.tell"], text=True, capture_output=True, check=False,
            env=processes.trusted_environment("efface_app"), cwd="/",
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"the export failed:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    def stop(self) -> None:
        if self.connection is not None:
            self.connection.close()
        if self.supervisor is not None:
            self.supervisor.stop()
        elif self.server is not None:
            self.server.stop()
