"""Steps that leave no trail in the browser's history.

Where scripts run, a form is sent with the header ``X-Step``; instead of a redirect the answer then names the next page
in ``X-Location``, and the script puts it in place of this one. Without scripts redirects stay what they are.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class Replacing:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.headers.get("X-Step") != "1" or response.status_code not in (302, 303):
            return response
        where = response.headers.get("Location", "")
        if not where.startswith("/") or where.startswith("//"):
            return response
        short = HttpResponse(status=204)
        for name, value in response.items():
            if name.lower() not in ("location", "content-length", "content-type"):
                short[name] = value
        short.cookies = response.cookies
        short["X-Location"] = where
        return short
