"""A service that an operator named, asked over https with the digests of one page:

    POST {"media": [{"md5": ..., "sha256": ..., "pdq": [...]}, ...]}  ->  {"known": true | false}

``Authorization: Bearer`` carries what stands in ``secrets/child-list``, where that file is. Nothing else is sent: no
address, no site, no moment. Redirects are not followed, no proxy of the environment is used.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from efface.engine.base import training
from efface.search.suspicion.contract import Digests, ListRefused, ListUnavailable

PATIENCE_S = 15.0
MOST_BYTES = 4096
MOST_AT_ONCE = 100
_HERE = ("127.0.0.1", "::1", "localhost")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The trusted side dials what the operator configured and nothing an answer names."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


class Endpoint:
    """Raises ``ListRefused`` for an address that is neither https nor on this machine."""

    name = "list-service"

    def __init__(self, url: str, token: str = "") -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            raise ListRefused("child_list: this is no address; give https://HOST/PATH or a file") from None
        if not host or (parts.scheme != "https" and not (parts.scheme == "http" and host in _HERE)):
            raise ListRefused("child_list: a service is asked over https only; give https://HOST/PATH or a file")
        self.url, self._token = url, token

    def holds(self, met: Sequence[Digests]) -> bool:
        return any(self._ask(met[start : start + MOST_AT_ONCE]) for start in range(0, len(met), MOST_AT_ONCE))

    def _ask(self, met: Sequence[Digests]) -> bool:
        if training.here():
            raise ListUnavailable(training.STAYS)
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = json.dumps({"media": [asdict(one) for one in met]}).encode()
        request = urllib.request.Request(self.url, data, headers, method="POST")  # noqa: S310 - checked above
        try:
            with _opener.open(request, timeout=PATIENCE_S) as answer:
                said = json.loads(answer.read(MOST_BYTES))
        except (OSError, ValueError) as error:
            raise ListUnavailable(f"child_list: {type(error).__name__}") from None
        if not isinstance(said, dict) or not isinstance(said.get("known"), bool):
            raise ListUnavailable("child_list: the service's answer is not {\"known\": true or false}")
        return bool(said["known"])
