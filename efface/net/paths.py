"""Other ways out of this machine, by name: proxies that an operator set up elsewhere, so that a check sees a page from
more than one place."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

MOST = 4
SCHEMES = {"socks5": "socks5", "socks5h": "socks5", "socks4": "socks4", "http": "http"}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
HERE = "here"


class PathError(ValueError):
    """A way out is not described as it must be; the message says how."""


def read_paths(given: Iterable[str]) -> dict[str, str]:
    """``NAME=PROXY`` for each, to proxies by name, in their order. Raises ``PathError``."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, url = text.strip().partition("=")
        name, url = name.strip().lower(), url.strip()
        if not equals or not _NAME.fullmatch(name) or name == HERE:
            raise PathError(f"{text!r} is not NAME=PROXY with a short name such as nl (and not {HERE!r})")
        if name in found:
            raise PathError(f"two ways out are called {name!r}")
        found[name] = _proxy(name, url)
    if len(found) > MOST:
        raise PathError(f"at most {MOST} ways out: every check goes all of them")
    return found


def answers(proxy: str, total_s: float = 3.0) -> bool:
    """Whether an operator's proxy takes a connection."""
    parts = urlsplit(proxy)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), total_s):
            return True
    except OSError:
        return False


def split(setting: str) -> list[str]:
    """The ways out of a setting, which has commas between them."""
    return [one for one in (part.strip() for part in setting.split(",")) if one]


def _proxy(name: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise PathError(f"the proxy of {name!r} is no address") from None
    if parts.scheme not in SCHEMES or not parts.hostname or not port:
        raise PathError(f"the proxy of {name!r} must be socks5://HOST:PORT, socks4://HOST:PORT or http://HOST:PORT")
    if parts.username is not None or parts.password is not None:
        raise PathError(
            f"the proxy of {name!r} must not need a password here, where others can read it: "
            "put a forwarder on this machine that knows it"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{SCHEMES[parts.scheme]}://{host}:{port}"
