"""What a page is reduced to. Crosses from the sandbox to the fetcher."""

from __future__ import annotations

from dataclasses import dataclass, field

from efface.net.protocol import MediaRef


@dataclass(frozen=True, slots=True)
class Page:
    """``base`` is the address its references start from. ``lines`` are the lines of the main text (navigation, header
    and footer left out where something else is left). ``more`` says that links, media or nesting went past a limit,
    ``cut`` that media or nesting did. The sketches are bottom-k shingles of the main text and of the tags with their
    depth (``shingles``). ``moved_to`` is the target of a meta refresh within five seconds. ``html`` is the source
    without media, only where asked for. ``feeds``, ``further``, ``frames``, ``search``, ``described``,
    ``alternates``, ``canonical`` and ``oembed`` are those of ``leads.Leads``; ``scripted`` says that scripts write
    it."""

    base: str
    title: str = ""
    text: str = ""
    language: str = ""
    lines: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    media: list[MediaRef] = field(default_factory=list)
    more: bool = False
    walls: list[str] = field(default_factory=list)
    text_sketch: list[int] = field(default_factory=list)
    dom_sketch: list[int] = field(default_factory=list)
    moved_to: str = ""
    html: str = ""
    feeds: list[str] = field(default_factory=list)
    further: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    search: str = ""
    described: str = ""
    scripted: bool = False
    alternates: list[str] = field(default_factory=list)
    canonical: str = ""
    oembed: str = ""
    cut: bool = False
