"""The trusted side's call for a dossier."""

from __future__ import annotations

from efface.net.client import Fetcher
from efface.net.protocol import WhereaboutsRequest
from efface.whereabouts.model import Dossier


def whereabouts(fetcher: Fetcher, request: WhereaboutsRequest) -> Dossier:
    """Everyone who could act on a URL, looked up inside the fetcher. Raises ``FetcherUnavailable`` (try again later)
    and ``FetcherRefused``."""
    return fetcher.ask("whereabouts", request, Dossier)
