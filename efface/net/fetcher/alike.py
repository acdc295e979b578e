"""Is this page what the site shows for an address that never existed (a soft 404)?

Whole-page likeness does not tell: navigation and changing thumbnails drown the one sentence that matters. So what a
control page and the random siblings all share is removed first; the rest is compared, and so are the frames.
"""

from __future__ import annotations

from urllib.parse import unquote

from efface.net.page.model import Page
from efface.net.page.shingles import estimate, jaccard, shingle, words


def alike(page: Page, probes: list[Page], control: Page | None) -> float:
    """0..1: how much of the main text of ``page`` is what the probes show; -1 without a probe.

    The greater of two measures: resemblance of what is left of the page and of a probe; and the share of what both
    probes say, and the control does not, that the page says as well (the error sentence, whatever else is mixed in).
    """
    if not probes:
        return -1.0
    named = _named([page, *probes, *([control] if control is not None else [])])
    mine = _lines(page, named)
    theirs = [_lines(probe, named) for probe in probes]
    frame = _lines(control, named) if control is not None else set()
    common = set.intersection(frame, *theirs) if frame else set()
    rest = mine - common
    best = max(jaccard(_shingles(rest), _shingles(lines - common)) for lines in theirs)
    said = set.intersection(*theirs) - frame if len(theirs) > 1 else set()
    weight = sum(len(line.split()) for line in said)
    if weight >= 3:
        best = max(best, sum(len(line.split()) for line in said & mine) / weight)
    return round(best, 4)


def frames_alike(page: Page, probes: list[Page]) -> float:
    """0..1: resemblance of the page's frame (its tags with their depth) to the most alike probe; -1 without one."""
    return round(max((estimate(page.dom_sketch, probe.dom_sketch) for probe in probes), default=-1.0), 4)


def _named(pages: list[Page]) -> set[str]:
    """The words of the pages' addresses, which soft 404 pages like to repeat. Those of all of them, for each: a word
    that two pages say and one page's address happens to hold would else make the same two pages differ."""
    return {word for page in pages for word in words(unquote(page.base)) if len(word) > 3}


def _lines(page: Page, named: set[str]) -> set[str]:
    """The page's lines as words, without those ``named``."""
    lines = (" ".join(word for word in words(line) if word not in named) for line in page.lines)
    return {line for line in lines if line}


def _shingles(lines: set[str]) -> set[int]:
    hashes: set[int] = set()
    for line in lines:
        hashes |= shingle(line.split())
    return hashes
