"""Whether a face may be enrolled: the matcher is asked, who answers yes or no and never says whose face it is."""

from __future__ import annotations

from collections.abc import Sequence

from efface.cases import guarding
from efface.engine.base import settings
from efface.search.matcher.client import Matcher, MatcherRefused, MatcherUnavailable

PATIENCE_S = 3.0
"""Somebody waits in front of a page."""


@guarding.answers
def is_blocked(model: str, vector: Sequence[float]) -> bool:
    """Raises ``guarding.CannotAsk`` where the matcher does not answer, or knows nothing of this model."""
    try:
        found = Matcher(settings.run_folder() / "matcher.sock", PATIENCE_S).blocked(model, vector)
    except (MatcherUnavailable, MatcherRefused) as error:
        raise guarding.CannotAsk(str(error)) from None
    if not found.known:
        raise guarding.CannotAsk("the matcher has no thresholds for this model")
    return found.blocked
