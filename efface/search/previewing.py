"""A candidate's picture for the worker who decides about it: what is known of it, asked of every table that knows
something, for the one way in which it may be seen (``efface.net.preview``).

A face met on another picture says nothing of her age in it: such a picture is not shown, she is asked (DESIGN 3.3).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from efface.cases.may import may
from efface.cases.models import Age, Purpose
from efface.net.preview import Grounds, PreviewRefused, Reason, Shown, Source, preview, refusal
from efface.net.protocol import Picture, PreviewRequest
from efface.search import deciding, stopping
from efface.search.matching import PURPOSE, near
from efface.search.media import Met, of_sighting
from efface.search.models import Asset, Frontier, Match, Sighting, SiteStop
from efface.search.suspicion.contract import Digests, KnownList, ListUnavailable
from efface.sites.models import Site
from efface.vision.hamming import LOW_QUALITY

log = logging.getLogger(__name__)
WORDS: dict[Reason, object] = {
    "suspected": _("This may be child material. It is shown to nobody; its site was stopped, and a lead reports it."),
    "minor": _("Pictures of people under 18 are shown to nobody."),
    "age": _("Nobody has said yet that she was an adult in this picture. Ask her; nobody needs to look for that."),
    "confirmed": _("This picture was confirmed already. Nobody has to see it again."),
    "decided": _("This was decided already, or the case may not be used for it any more."),
    "budget": _("You have looked at enough for this shift. Somebody else can decide, or she herself."),
    "unchecked": _("It cannot be held against the list of known child material right now, so it is not shown."),
    "gone": _("The picture could not be fetched."),
    "changed": _("Another picture stands there by now. It is not shown."),
    "video": _("Videos, and pictures made of many small ones, are not shown."),
    "unreadable": _("The picture could not be read."),
}
"""Each refusal in the worker's words."""
DROPPED = Grounds(Age.UNKNOWN, Age.UNKNOWN, suspected=True, confirmed=False, open=False)
"""Of a candidate that is not there any more: its site was stopped."""


def show(match: Match, source: Source, count: Callable[[], bool], known: KnownList | None, now: datetime) -> Shown:
    """The picture of a candidate, tiny, grey and blurred, in memory. ``count`` counts one look of the worker and says
    False where none is left; ``known`` is the list of known child material, where one is configured: what is on it
    stops its site. Raises ``PreviewRefused`` and ``FetcherUnavailable``. Inside the organisation's transaction, and
    caught there: what was counted and stopped stands."""
    pk = match.pk
    _refuse(refusal(grounds(match, now)))
    sighting = match.sighting
    if sighting is None:
        raise PreviewRefused("gone")
    met = of_sighting(sighting)
    if _held(known, Digests("", met.sha256, tuple(met.pdq) if sighting.media.quality >= LOW_QUALITY else ())):
        _stop(match, known, now)
        raise PreviewRefused("suspected")

    def suspects(picture: Picture) -> bool:
        if not picture.sha256:
            return False
        hashes = tuple(picture.pdq) if picture.pdq_quality >= LOW_QUALITY else ()
        if not _held(known, Digests(picture.md5, picture.sha256, hashes)):
            return False
        _stop(match, known, now)
        return True

    request = PreviewRequest(met.ref.url, met.sha256, list(met.pdq), referer=str(match.page_url))

    def as_it_is() -> Grounds:
        fresh = Match.objects.select_related("case", "sighting__media").filter(pk=pk).first()
        return grounds(fresh, now) if fresh is not None else DROPPED

    return preview(source, request, grounds=as_it_is, count=count, suspects=suspects)


def grounds(match: Match, now: datetime) -> Grounds:
    """What every table knows of a candidate's picture at this moment."""
    case, sighting = match.case, match.sighting
    allowed = bool(may(case, PURPOSE.get(match.kind, Purpose.HASH_MATCH), now))
    return Grounds(
        case_age=str(case.age),
        picture_age=deciding.age_in(match) if sighting is not None else Age.UNKNOWN,
        suspected=sighting is None or _suspected(sighting),
        confirmed=match.state == Match.State.CONFIRMED or (sighting is not None and _confirmed(match, sighting)),
        open=allowed and match.state in deciding.OPEN,
    )


def _suspected(sighting: Sighting) -> bool:
    """Its site is stopped, under whatever of its domains, or a word against it stands; or its page is one that is never
    read again."""
    site = Site.objects.select_related("merged").get(pk=sighting.site_id)
    together = {site.pk, *([site.merged.pk] if site.merged else [])}
    return (
        Site.objects.filter(pk__in=together, state=Site.State.STOPPED).exists()
        or SiteStop.objects.filter(site__in=together, state__in=stopping.STANDING).exists()
        or Frontier.objects.filter(digest=sighting.page_digest, wall="stopped").exists()
    )


def _confirmed(match: Match, sighting: Sighting) -> bool:
    """The same picture stands among the assets of a finding of this case."""
    met: Met = of_sighting(sighting)
    if met.sha256 and Asset.objects.filter(case=match.case_id, sha256=met.sha256).exists():
        return True
    hashes = list(Asset.objects.filter(case=match.case_id).exclude(pdq=[]).values_list("pdq", flat=True))
    return bool(met.pdq and hashes and near(met, hashes))


def _held(known: KnownList | None, digests: Digests) -> bool:
    """Raises ``PreviewRefused`` where the list cannot be asked."""
    try:
        return known is not None and known.holds([digests])
    except ListUnavailable:
        raise PreviewRefused("unchecked") from None


def _stop(match: Match, known: KnownList | None, now: datetime) -> None:
    site = match.sighting.site if match.sighting is not None else None
    if site is not None and known is not None:
        log.warning("site %s is stopped: suspected child material", site.pk)
        stopping.stop(site, stopping.Cause("list", (known.name,)), [str(match.page_url)], now)


def _refuse(reason: Reason | None) -> None:
    if reason is not None:
        raise PreviewRefused(reason)
