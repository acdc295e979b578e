"""A site's turn (``sites.turns``), and how long a page rests that was asked for in one."""

from __future__ import annotations

from efface.search.resting import PATIENCE_S, RESTS, resting
from efface.sites.turns import Turn, of

__all__ = ["PATIENCE_S", "RESTS", "Turn", "of", "resting"]
