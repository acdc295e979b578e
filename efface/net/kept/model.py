"""What the decoder answers about a kept file, and the bounds of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

MOST_BYTES = 60_000_000
"""Of one file that is handed in."""
MOST_INFLATED = 200_000_000
"""Of everything inside an archive, told from what is unpacked and not from what it claims."""
MOST_MEMBERS = 2_000
MOST_MEMBER = 30_000_000
MOST_MESSAGES = 50_000
MOST_TEXT = 6_000_000
"""Letters of all messages of one file together; the answer must fit into one frame."""
MOST_LINE = 8_000
MOST_NAME = 120


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """One message as the export has it. ``at``: ISO 8601 where the export is plain about it, else as it stands there;
    ``medium``: name of a picture, video or voice message that belonged to it."""

    at: str = ""
    by: str = ""
    text: str = ""
    medium: str = ""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file, or one member of an archive. ``kind``: chat, mail, text, picture, archive, other. ``app`` is the
    messenger whose export it looks like, "" where that is not plain. ``headers``: of a mail, each as ``name: value`` in
    order. ``pdq`` and ``quality`` of a picture; its bytes are never here. ``error``: one word why it could not be read
    ("unknown-format", "corrupt", "too-large", "encrypted", "empty", "left-out", "timeout", "crashed", "off"). ``cut``:
    there was more than is taken."""

    name: str
    kind: str = "other"
    app: str = ""
    size: int = 0
    sha256: str = ""
    md5: str = ""
    mime: str = ""
    messages: list[KeptMessage] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    pdq: str = ""
    quality: int = 0
    error: str = ""
    cut: bool = False


KINDS = ("chat", "mail", "text", "picture", "archive", "other")


def bounded(files: list[KeptFile]) -> list[KeptFile]:
    """The same with every list and text cut to its bound, whatever the child sent."""
    left = MOST_TEXT
    found = []
    for one in files[: MOST_MEMBERS + 1]:
        messages, cut = [], one.cut
        for message in one.messages[:MOST_MESSAGES]:
            text = message.text[: min(MOST_LINE, left)]
            cut = cut or len(text) < len(message.text)
            left -= len(text)
            messages.append(
                KeptMessage(message.at[:40], plain(message.by, MOST_NAME), text, plain(message.medium, MOST_NAME))
            )
        found.append(
            replace(
                one, name=plain(one.name, MOST_NAME), kind=one.kind if one.kind in KINDS else "other", app=one.app[:20],
                mime=one.mime[:40], messages=messages, headers=[line[:2000] for line in one.headers[:200]],
                error=one.error[:40], cut=cut or len(one.messages) > len(messages), sha256=one.sha256[:64],
                md5=one.md5[:32], pdq=one.pdq[:64], size=max(0, one.size), quality=min(100, max(0, one.quality)),
            )
        )  # fmt: skip
    return found


def plain(text: str, most: int) -> str:
    """One line of printable letters."""
    return "".join(letter for letter in text if letter.isprintable()).strip()[:most]
