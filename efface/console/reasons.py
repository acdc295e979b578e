"""A match's reasons (``search.matching``) as sentences a person can decide from without looking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from efface.cases.models import Fingerprint
from efface.search.models import Match


def labels(matches: Iterable[Match]) -> dict[str, str]:
    """What she calls the pictures that the reasons of these matches name, by fingerprint id."""
    wanted = {
        str(reason["fingerprint"]) for match in matches for reason in match.reasons
        if isinstance(reason, dict) and reason.get("fingerprint")
    }  # fmt: skip
    return {str(row.pk): str(row.label or "") for row in Fingerprint.objects.filter(pk__in=wanted).defer("value")}


def sentences(reasons: Any, names: Mapping[str, str]) -> tuple[str, ...]:
    """Each reason once, in the order given."""
    found: dict[str, None] = {}
    for one in reasons if isinstance(reasons, list) else ():
        found[_sentence(one, names) if isinstance(one, dict) else str(one)] = None
    return tuple(line for line in found if line)


def _sentence(reason: Mapping[str, Any], names: Mapping[str, str]) -> str:
    kind = reason.get("kind")
    if kind == "pdq":
        return _picture(reason, names)
    if kind == "face":
        return _("Face: similarity %(score).2f; candidates begin at %(threshold).2f, strong ones at %(strong).2f; "
                 "%(px)d pixels wide") % {
            "score": _number(reason, "score"), "threshold": _number(reason, "threshold"),
            "strong": _number(reason, "strong_at"), "px": int(_number(reason, "px")),
        }  # fmt: skip
    site = str(reason.get("site", ""))
    if kind == "return":
        return _("It came back: the same picture had been removed from %(site)s") % {"site": site}
    if kind == "copy":
        return _("The same picture as the finding on %(site)s") % {"site": site}
    if kind == "reported":
        return _("She or a worker named this page")
    if kind == "listed":
        return _("Seen as a small picture in a list only; the page itself could not be read")
    return ", ".join(f"{name}: {value}" for name, value in reason.items())


def _picture(reason: Mapping[str, Any], names: Mapping[str, str]) -> str:
    name = names.get(str(reason.get("fingerprint")), "")
    words = _("Copy of “%(name)s”") % {"name": name} if name else _("Copy of one of her pictures")
    if reason.get("exact"):
        return words + _(": the very same file")
    words += _(": %(distance)d of 256 bits differ, the limit is %(limit)d") % {
        "distance": int(_number(reason, "distance")), "limit": int(_number(reason, "threshold")),
    }  # fmt: skip
    view = str(reason.get("view") or "")
    return words + (f" ({view.replace('_', ' ')})" if view and view not in ("original", "identity") else "")


def _number(reason: Mapping[str, Any], name: str) -> float:
    value = reason.get(name, 0)
    return float(value) if isinstance(value, int | float) else 0.0


def returned(reasons: Any) -> bool:
    """Whether something that had been removed is back."""
    return any(isinstance(one, dict) and one.get("kind") == "return" for one in reasons if isinstance(reasons, list))
