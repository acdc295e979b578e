"""Sites stopped for suspected child material: nothing is asked of them, whoever asks and why.

Every room takes its fetcher from here. A site that is stopped while a request is under way is known to the next one.
"""

from __future__ import annotations

from efface.engine.base import settings, statements, training
from efface.net.client import Fetcher
from efface.sites.models import Site


def domains() -> list[str]:
    """The registered domains of stopped sites, other domains of them too."""
    # Asked before every request of every room, so its text is made once.
    return [str(domain) for (domain,) in statements.select(_STOPPED, [Site.State.STOPPED.value])]


_STOPPED = "SELECT domain FROM sites_site WHERE state = %s ORDER BY domain"


def is_stopped(domain: str) -> bool:
    return Site.objects.filter(domain=domain, state=Site.State.STOPPED).exists()


def fetcher() -> Fetcher:
    """This host's fetcher, which asks nothing of a stopped site: no page, picture, capture, check or preview."""
    return Fetcher(str(settings.run_folder() / "fetcher.sock"), avoid=domains, closed=_closed)


def _closed() -> str:
    """Nothing is fetched for training, whoever asks and what."""
    return "training" if training.here() else ""
