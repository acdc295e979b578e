"""Locking an installation: the installation key leaves the disk and every process, and comes back by its keeper only.

Once locked for the first time the key is never on the disk again (unless an operator asks for that): unlocked, it lies
in memory alone (a file system without a disk), so that a machine that was switched off is locked. Files: ``secrets/
installation.key`` (plain, as an installation begins), ``secrets/installation.sealed`` (wrapped by a keeper), and
``installation.key`` in the folder in memory.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path

from efface.engine.base import keepers, sealing
from efface.engine.base.keepers import Keeper

_CHECK = b"efface/this is the key"


class NotLockable(RuntimeError):
    """The message says what is missing on this machine."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What stands in ``installation.sealed``: who keeps the key, what the keeper needs, how the right key is known."""

    keeper: str
    wrapped: dict[str, str]
    check: str


def sealed_path() -> Path:
    return sealing.secrets_folder() / "installation.sealed"


def read_sealed() -> Sealed | None:
    """None where the key was never given to a keeper. Raises ``keepers.DoesNotOpen`` for a damaged file."""
    try:
        found = json.loads(sealed_path().read_text(encoding="ascii"))
        return Sealed(str(found["keeper"]), {str(a): str(b) for a, b in found["wrapped"].items()}, str(found["check"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise keepers.DoesNotOpen(f"{sealed_path()} is damaged; restore it from its backup") from None


def is_locked() -> bool:
    """Whether this host has a key that nobody gives it now."""
    return sealed_path().exists() and not any(path.exists() for path in sealing.key_paths())


def give_to(keeper: Keeper) -> None:
    """Have a keeper wrap the key, and see that it gives it back. The key stays where it is. Raises
    ``sealing.KeyMissing`` and what the keeper raises."""
    key = sealing.installation_key()
    wrapped = keeper.wrap(key)
    if not hmac.compare_digest(keeper.unwrap(wrapped), key):
        raise keepers.KeeperUnavailable("the keeper gave back another key than it was given; nothing has changed")
    text = json.dumps({"keeper": keeper.name, "wrapped": wrapped, "check": _check(key)})
    _write(sealed_path(), text.encode("ascii"))


def forget() -> None:
    """Take the key off the disk and out of memory on this host. Only after ``give_to``."""
    if read_sealed() is None:
        raise NotLockable("nobody keeps the key yet")
    for path in sealing.key_paths():
        _shred(path)
    sealing.installation_key.cache_clear()
    sealing.forget_case_keys()


def open_with(keeper: Keeper, *, on_disk: bool = False) -> None:
    """Have the key back, in memory, or (``on_disk``) on the disk as before the first lock. Raises
    ``keepers.DoesNotOpen``, ``keepers.KeeperUnavailable``, ``NotLockable``."""
    sealed = read_sealed()
    if sealed is None:
        raise NotLockable("this installation was never locked")
    key = keeper.unwrap(sealed.wrapped)
    if len(key) != 32 or not hmac.compare_digest(_check(key), sealed.check):
        raise keepers.DoesNotOpen("this opens something, but not this installation's key; nothing has changed")
    if on_disk:
        path = sealing.secrets_folder() / "installation.key"
    else:
        folder = sealing.memory_folder()
        if folder is None:
            raise NotLockable(
                "this machine has no file system in memory (/dev/shm), and the key is not put on a disk unasked; "
                "`efface unlock --on-disk` does"
            )
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.geteuid() or folder.is_symlink():
            raise NotLockable(f"{folder} belongs to another user")
        path = folder / "installation.key"
    _write(path, key)
    sealing.installation_key.cache_clear()


def _check(key: bytes) -> str:
    return hmac.digest(key, _CHECK, "sha256").hex()


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, readable by this user alone."""
    part = path.with_suffix(".part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _shred(path: Path) -> None:
    """Overwrite, then remove. On flash memory and journalling file systems an old copy may live on below: encrypt the
    disk."""
    try:
        with path.open("r+b") as file:
            file.write(os.urandom(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return
