"""The peers' virtual environment: made on first use in the cache folder, from hash-pinned requirements-bench.txt."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_LOCK = _ROOT / "requirements-bench.txt"
LOOKUPS_LOCK = _ROOT / "requirements-bench-lookups.txt"
_PATIENCE_S = 900


class PeersMissing(Exception):
    """The peers cannot be installed here; ``str`` says why in a sentence."""


def cache_folder() -> Path:
    """``EFFACE_CACHE``, else ``efface`` in the user's cache folder."""
    own = os.environ.get("EFFACE_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "efface"


def peers_python(lock: Path = _LOCK, name: str = "bench") -> Path:
    """The interpreter of an environment, made if it is not there. Raises ``PeersMissing``.

    Packages come from wherever this machine's own package settings say; no address is given here."""
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    home = cache_folder() / name
    python, stamp = home / "venv" / "bin" / "python", home / "stamp"
    if python.exists() and stamp.exists() and stamp.read_text("ascii") == wanted:
        return python
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        raise PeersMissing("uv is not installed beside this Python.")
    print("Installing what is measured beside ours (once, some minutes) ...", file=sys.stderr, flush=True)
    home.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home / "venv")],
        [uv, "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(lock)],
    ):
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PeersMissing(f"{Path(command[0]).name} {command[1]}: {type(error).__name__}") from None
        if done.returncode:
            raise PeersMissing((done.stderr.strip().splitlines() or ["uv failed"])[-1][:300])
    stamp.write_text(wanted, "ascii")
    return python
