"""Who asks, where a TLS proxy stands in front: limits on tries count addresses, so a proxy that is not known as one
makes everybody the same person, and one stranger's wrong codes would make all others wait.

What the web process is really asked by is noted in the run folder, for ``efface doctor``: only addresses of the own
network that forward for others, never anybody's own.
"""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from waitress.proxy_headers import proxy_headers_middleware

from efface.engine.base import settings

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
FORWARDS = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
MOST = 10
NEAR = tuple(
    ipaddress.ip_network(one)
    for one in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7",
                "fe80::/10")
)  # fmt: skip


def note_file() -> Path:
    """Addresses that forwarded for others without being trusted, one a line; empty from each start on."""
    return settings.run_folder() / "web-forwarders"


def behind(app: App, trusted: str, notes: Path) -> App:
    """``app`` as it is to be asked: what the trusted proxy says of the visitor is believed, nobody else's word is. Who
    forwards without being trusted is written into ``notes``."""
    notes.write_text("", encoding="ascii")
    known: set[str] = set()
    lock = threading.Lock()
    inner: App = app
    if trusted:
        inner = proxy_headers_middleware(
            app, trusted_proxy=trusted, trusted_proxy_count=1,
            trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"}, clear_untrusted=True,
        )  # fmt: skip

    def noting(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        peer = str(environ.get("REMOTE_ADDR", ""))
        if peer not in (trusted, *known) and any(one in environ for one in FORWARDS) and _is_near(peer):
            with lock:
                if len(known) < MOST:
                    known.add(peer)
                    notes.write_text("\n".join(sorted(known)), encoding="ascii")
        return inner(environ, start)

    return noting


def _is_near(peer: str) -> bool:
    """Whether it is of this machine or its network: a proxy, and not a visitor who sends such a header himself."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in one for one in NEAR if one.version == address.version)


Level = Literal["ok", "note", "warning", "problem"]
SHARED = "all visitors count as one, and one person's wrong codes make everybody wait"


def examined(trusted: str, https: bool, forwarders: list[str]) -> Iterator[tuple[Level, str]]:
    """What is to be said of ``EFFACE_TRUSTED_PROXY``: by the settings, and by who forwarded since the last start."""
    if trusted and trusted != "*" and not _is_address(trusted):
        yield "problem", f"EFFACE_TRUSTED_PROXY={trusted} is no IP address, so it matches no proxy: {SHARED}"
    elif trusted == "*":
        yield (
            "warning",
            "EFFACE_TRUSTED_PROXY=* believes whatever anybody says to be; name the proxy's address",
        )
    elif forwarders:
        been = ", ".join(forwarders)
        stands = f"EFFACE_TRUSTED_PROXY is {trusted}" if trusted else "EFFACE_TRUSTED_PROXY is empty"
        yield "problem", f"{been} forwards requests, but {stands}: {SHARED}. Set it to the proxy's address and restart"
    elif https and not trusted:
        yield (
            "problem",
            (
                f"EFFACE_HTTPS is set, so a TLS proxy stands in front, but EFFACE_TRUSTED_PROXY is empty: {SHARED}. "
                "Set it to the proxy's address and restart"
            ),
        )
    elif trusted and not https:
        yield "warning", "EFFACE_TRUSTED_PROXY is set, but EFFACE_HTTPS is not: cookies are not marked Secure"
    elif trusted:
        yield "ok", f"visitors are told apart by what the proxy at {trusted} says"
    else:
        yield "ok", "no proxy stands in front, as far as can be seen"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def noted() -> list[str]:
    """Who forwarded since the web process began; empty where it never ran."""
    try:
        lines = note_file().read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [one for one in lines[:MOST] if _is_address(one)]
