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
    if kind == "local":
        return _local(reason, names)
    if kind == "vector":
        return _vector(reason, names)
    if kind == "video":
        return _video(reason, names)
    if kind == "text":
        return _text(reason)
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


def _local(reason: Mapping[str, Any], names: Mapping[str, str]) -> str:
    name = names.get(str(reason.get("fingerprint")), "")
    words = _("Part or changed copy of “%(name)s”") % {"name": name} if name else _("Part or changed copy of a picture")
    words += _(": %(points)d points agree where it lies, the limit is %(limit)d; %(error)d %% of what it shows there "
               "differs") % {
        "points": int(_number(reason, "score")), "limit": int(_number(reason, "threshold")),
        "error": round(100 * _number(reason, "error")),
    }  # fmt: skip
    return words + (_(" (mirrored)") if reason.get("view") == "flip-horizontal" else "")


def _vector(reason: Mapping[str, Any], names: Mapping[str, str]) -> str:
    name = names.get(str(reason.get("fingerprint")), "")
    words = _("Changed copy of “%(name)s”") % {"name": name} if name else _("Changed copy of a picture")
    return words + _(": similarity %(score).2f; candidates begin at %(threshold).2f, strong ones at %(strong).2f "
                     "(%(model)s)") % {
        "score": _number(reason, "score"), "threshold": _number(reason, "threshold"),
        "strong": _number(reason, "strong_at"), "model": str(reason.get("model") or "").partition("@")[0],
    }  # fmt: skip


def _video(reason: Mapping[str, Any], names: Mapping[str, str]) -> str:
    name = names.get(str(reason.get("fingerprint")), "")
    words = _("Part or copy of the video “%(name)s”") % {"name": name} if name else _("Part or copy of her video")
    span = reason.get("seconds")
    if isinstance(span, list) and len(span) == 2 and all(isinstance(one, int | float) for one in span):
        return words + _(": %(n)d seconds agree, from %(from)s to %(to)s") % {
            "n": round(_number(reason, "score")), "from": _clock(span[0]), "to": _clock(span[1]),
        }  # fmt: skip
    return words + _(": one picture of it")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _text(reason: Mapping[str, Any]) -> str:
    words = {
        "name": _("The page names her"), "handle": _("The page has a name she uses online"),
        "email": _("The page has her e-mail address"), "phone": _("The page has her telephone number"),
    }.get(str(reason.get("words")), _("The page has words she goes by"))  # fmt: skip
    return words + ("" if reason.get("strong") else _("; others may go by the same"))


def _number(reason: Mapping[str, Any], name: str) -> float:
    value = reason.get(name, 0)
    return float(value) if isinstance(value, int | float) else 0.0


def returned(reasons: Any) -> bool:
    """Whether something that had been removed is back."""
    return any(isinstance(one, dict) and one.get("kind") == "return" for one in reasons if isinstance(reasons, list))
