"""Pytest plugin: one PostgreSQL of our own launcher for the whole run, in a temporary folder.

Loaded with ``-p`` so that it stands before Django reads its settings. With xdist the controller starts the server and the
workers find it in their environment. ``EFFACE_DATABASE_URL`` uses another server instead.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "EFFACE_TEST_DATA" not in os.environ and "EFFACE_DATABASE_URL" not in os.environ:
    folder = Path(tempfile.mkdtemp(prefix="efface-test-"))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    os.environ["EFFACE_TEST_DATA"] = os.environ["EFFACE_DATA"] = str(folder)
    os.environ["EFFACE_DATABASE_ROLE"] = "efface_owner"

    from efface.engine.run import manage, postgres

    manage.prepare_data_folder("demo")
    server = postgres.Server.of_installation()
    server.start()

    def _stop() -> None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(_stop)

