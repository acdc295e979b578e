"""How long a page rests that was asked for and of which nothing came back: its worker died, or its fetcher."""

from __future__ import annotations

from datetime import timedelta

PATIENCE_S = 20.0
"""How long a fetcher that is restarting is waited for."""
RESTS = 60
"""A page of which nothing came back, for its worker died, is asked for again after so many turns of its site."""


def resting(delay_s: float) -> timedelta:
    """How long a page rests that was asked for and of which nothing came back. The request may have left as much later
    as a fetcher that was restarting was waited for."""
    return timedelta(seconds=RESTS * delay_s + PATIENCE_S) if delay_s else timedelta(0)
