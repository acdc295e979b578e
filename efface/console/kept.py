"""What was typed into a form whose session had ended meanwhile: shown at once to who typed it, and put back into the
form when the same person has signed in again in this browser.

Held in the session that begins at sign-in, sealed, for an hour, and only for the person whose form it was.
"""

from __future__ import annotations

import json
import uuid
from base64 import b64decode, b64encode
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from efface.engine.base import clock, sealing

SALT, FIELD = "console-form", "desk_kept"
AGE_S = 3600
LEFT_OUT = {"csrfmiddlewaretoken", "mark", "next", "who", "choice", "ticket", "seen", "password", "login"}
LONGEST, MOST = 5_000, 20


def token(user: uuid.UUID) -> str:
    return signing.dumps(str(user), salt=SALT)


def _typed(request: HttpRequest) -> dict[str, str]:
    found = {}
    for name, value in list(request.POST.items())[:MOST]:
        if name not in LEFT_OUT and isinstance(value, str) and value.strip():
            found[name[:40]] = value[:LONGEST]
    return found


def show(request: Any) -> HttpResponse | None:
    """The page for a form that arrived without a session; None where nothing was typed, and sign-in is asked for as
    ever."""
    if request.method != "POST":
        return None
    typed = _typed(request)
    if not typed:
        return None
    back = request.META.get("HTTP_REFERER", "")
    path = _own_path(request, back)
    try:
        user = signing.loads(request.POST.get("who", ""), salt=SALT, max_age=14 * 24 * 3600)
    except signing.BadSignature:
        user = ""
    if user:
        _keep(request, user, path, typed)
    sign_in = f"{reverse('account_login')}?{urlencode({'next': path})}"
    context = {"typed": typed, "sign_in": sign_in, "comes_back": bool(user)}
    return render(request, "console/signed_out.html", context, status=401)


def _own_path(request: Any, back: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(back)
    if parts.netloc == request.get_host() and parts.path.startswith(reverse("console:home")):
        return parts.path
    return reverse("console:home")


def _keep(request: Any, user: str, path: str, typed: dict[str, str]) -> None:
    plain = json.dumps({"user": user, "path": path, "typed": typed, "at": clock.now().timestamp()}).encode()
    sealed = sealing.seal(sealing.derive("sealed"), plain, FIELD)
    request.session[FIELD] = b64encode(sealed).decode()


def back(request: Any) -> dict[str, str]:
    """What this member typed into a form of this page before they were signed out; it is given back once."""
    held = request.session.get(FIELD)
    if not held:
        return {}
    try:
        found = json.loads(sealing.unseal(sealing.derive("sealed"), b64decode(held), FIELD))
    except (ValueError, sealing.SealBroken):
        del request.session[FIELD]
        return {}
    if clock.now().timestamp() - found["at"] > AGE_S or found["user"] != str(request.user.pk):
        del request.session[FIELD]
        return {}
    if found["path"] != request.path:
        return {}
    del request.session[FIELD]
    return {str(name): str(value) for name, value in found["typed"].items()}
