"""What passes between the fetcher and the browser's runner."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Render:
    """Show ``url`` through the proxy on loopback at ``port`` that expects ``token``. ``html`` and ``memory`` are bytes,
    ``requests`` and ``scrolls`` how many at most, ``total_s`` the seconds for everything. ``shot``: a picture of the
    page is wanted too; then no picture, drawing or video of the page's own is ever drawn."""

    url: str
    port: int
    token: str
    agent: str
    total_s: float = 20.0
    memory: int = 900 * 1024 * 1024
    requests: int = 300
    scrolls: int = 12
    html: int = 4_000_000
    shot: bool = False


@dataclass(frozen=True, slots=True)
class Rendered:
    """``html`` as the page stood after its scripts ran and it was scrolled; ``media`` the addresses of pictures and
    videos that it asked for (none was given to it); ``error``: "", "off", "timeout", "memory", "crashed", "requests",
    "dialogs" (it would not stop asking), "unreachable". What was seen until then is there all the same.
    ``shot_b64``: PNG, base64, "" where none was asked for or could be made."""

    url: str = ""
    html: str = ""
    media: list[str] = field(default_factory=list)
    requests: int = 0
    dialogs: int = 0
    popups: int = 0
    error: str = ""
    shot_b64: str = ""
