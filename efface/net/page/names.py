"""What the address of a picture says about its size."""

from __future__ import annotations

import re

SMALL = 260
"""A picture with both sides at most this many pixels is a thumbnail."""
_THUMB = re.compile(
    r"(?:^|[/_.\-=])(?:thumb(?:s|nail|nails)?|tn|small|preview|mini|icon)(?:[/_.\-=]|\d|$)"
    r"|/(?:th|ths|thb|tb|tmb|tns|thumbnailer|previews|minis)/"
    r"|[_.\-](?:t|th|thb|tb|tmb|sm)\.(?:jpe?g|png|webp|gif|avif)$",
    re.IGNORECASE,
)
_MARKED = re.compile(
    r"[/_\-=](?:w|h|s|c|w_|h_)(\d{2,4})(?:-[a-z]{1,3})?(?=[/_.,\-]|$)|[/_\-](\d{2,4})(?:px|w|w\d)(?=[/_.\-]|$)",
    re.IGNORECASE,
)
"""A size with its mark in the path: "/w200/", "_s150.jpg", "w_240,", "=s160-c", "200px-name.jpg", "-320w.webp"."""
_SIZED = re.compile(r"[-_/](\d{2,3})x(\d{2,3})(?=[._/-]|$)")
_ASKED = re.compile(r"(?:^|[?&])(?:w|width|resize|size|fit|h|height)=(\d{2,4})(?:[x,%&]|$)", re.IGNORECASE)


def is_small(url: str) -> bool:
    """Whether an address names a thumbnail: by a word, by a size in the path, or by the size it asks for."""
    path, _, query = url.partition("?")
    sized = _SIZED.search(path)
    if sized and int(sized.group(1)) <= SMALL and int(sized.group(2)) <= SMALL:
        return True
    marked = [int(one or other) for one, other in _MARKED.findall(path)]
    if marked and max(marked) <= SMALL:
        return True
    asked = [int(value) for value in _ASKED.findall(query)]
    return bool(_THUMB.search(path)) or (bool(asked) and max(asked) <= SMALL)
