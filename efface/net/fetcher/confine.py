"""What the fetcher may still read once it is running: its code, certificates, resolver settings, models."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import efface
from efface.net import landlock
from efface.net.process import CAP_KILL, CAP_SETGID, CAP_SETUID, keep_capabilities

log = logging.getLogger("efface.fetcher")
_CODE = Path(efface.__file__).parent
_SYSTEM = (
    "/usr", "/lib", "/lib64", "/bin", "/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/resolv.conf", "/etc/hosts",
    "/etc/nsswitch.conf", "/etc/localtime", "/etc/ld.so.cache", "/proc", "/sys/devices/system", "/dev/null",
    "/dev/urandom", "/run/systemd/resolve",
)  # fmt: skip


def confine(models: str | None) -> bool:
    """Give up the rest of the file system. Whether the kernel could; where it cannot, the log says so."""
    trees = [Path(path) for path in (*_SYSTEM, sys.prefix, sys.base_prefix)] + [_CODE]
    trees += [Path(path) for path in sys.path if "site-packages" in path or path.startswith(sys.base_prefix)]
    if models and Path(models).is_dir():
        trees += [Path(models), *(item.resolve() for item in Path(models).iterdir() if item.is_symlink())]
    if os.geteuid() == 0:
        # What is left is what a decoder needs that is started again: to become nobody, and to be killed as nobody.
        keep_capabilities(CAP_KILL, CAP_SETGID, CAP_SETUID)
    done = landlock.read_only(landlock.abi(), trees, [_CODE.parent])
    if not done:
        log.warning("this kernel has no Landlock: the fetcher can read what its user can")
    return done
