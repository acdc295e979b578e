"""What the page is told so that it can make fingerprints on her own device: addresses, sizes and every word it says."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from efface.portal import device
from efface.vision import faces


def offer(face_allowed: bool) -> dict[str, Any] | None:
    """None where the scripts were not built. ``plan`` is for the script; ``begin`` and ``face`` are megabytes in words,
    ``face`` "" where no face may be learned or none can be."""
    scripts = device.scripts()
    if scripts is None:
        return None
    nets = device.net_plan(device.models_folder()) if face_allowed else {}
    face = scripts.face_bytes + sum(one["bytes"] for one in nets.values()) if nets else 0
    plan = {
        "made": reverse("portal:made"),
        "enter": reverse("portal:enter"),
        "glue": scripts.glue,
        "wasm": scripts.wasm,
        "nets": {
            word: {"url": reverse("portal:part", args=[one["sha256"]]), "manifest": one["manifest"]}
            for word, one in nets.items()
        },
        "words": words(),
    }
    return {
        "script": scripts.begin, "plan": plan, "begin": megabytes(scripts.begin_bytes), "face": megabytes(face),
    }  # fmt: skip


def megabytes(count: int) -> str:
    """In the reader's own way of writing numbers; "" for none."""
    return number_format(max(0.1, round(count / 1_000_000, 1)), 1) if count else ""


def words() -> dict[str, str]:
    """Placeholders are filled by the script: {n}, {all}, {name}, {percent}."""
    return {
        "waiting": _("waiting"),
        "reading": _("being read: {percent} %"),
        "sending": _("sending the numbers"),
        "done": _("done"),
        "first": _("done; of a picture that moves, the first image"),
        "stopped": _("Stopped. What was done before is kept; nothing else was sent."),
        "summary": _("{n} of {all} are fingerprints now. The pictures stayed on this device."),
        "offline": _("could not be sent; check the connection and choose it again"),
        "signed-out": _("You were signed out. What was done before is kept. Enter again to go on."),
        "minor": _(
            "For pictures of somebody under 18 we keep nothing. Your caseworker shows you the ways that help faster."
        ),
        "noise": _(
            "This browser changes pictures a little when a page reads them, to protect you from being recognised. "
            "Fingerprints made here would not fit. Use another browser for this, let our computer do it below, or do "
            "it on your caseworker's computer."
        ),
        "old": _("This browser cannot do it. Let our computer do it below, or do it on your caseworker's computer."),
        "many": _("Please choose at most {n} files at a time."),
        "empty": _("the file is empty"),
        "unknown": _("is not a picture or video of a kind we can read"),
        "heic": _(
            "is in the iPhone's own form (HEIC), which this browser cannot read. Take a screenshot of it and choose "
            "that, or open this page on the iPhone"
        ),
        "damaged": _("could not be read; the file may be damaged"),
        "large": _("is too large; a screenshot of it, or a smaller copy, will do"),
        "small": _("is too small to be recognised by"),
        "video": _("is a video that this browser cannot play. Let our computer read it below"),
        "video-time": _(
            "stopped playing. Keep this page in front and choose it again, or let our computer read it below"
        ),
        "failed": _("could not be read here. Let our computer read it below"),
        "loading": _("What finds faces is being loaded."),
        "unloaded": _("What finds faces could not be loaded. Check the connection and begin again."),
        "no-face": str(_(faces.WORDS["no-face"].survivor)),
        "face-small": _("Your face is small in this photo. One from closer up helps more."),
        "face-blurred": _("The face in this photo is blurred or dark. Turn to the light, and hold still."),
        "face-turned": _("The face in this photo looks aside. Look into the camera."),
        "which": _("More than one person is in {name}. Which one is you? You see outlines only."),
        "one": _("Number {n}"),
        "none": _("None; leave this photo out"),
        "few": str(_(faces.WORDS["too-few"].survivor)),
        "face-sending": _("The face template is being made."),
    }
