"""A key service with the "transit" interface (OpenBao, HashiCorp Vault): it wraps and unwraps, and never shows its key.

Only the configured address is dialled; no redirect is followed, no proxy is taken from the environment.
"""

from __future__ import annotations

import base64
import binascii
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import urllib3

from efface.engine.base import sealing, settings
from efface.engine.base.keepers.errors import DoesNotOpen, KeeperUnavailable

WAIT_S = 10.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Transit:
    url: str
    key: str
    token: str
    name: str = "transit"

    @classmethod
    def of(cls, url: str, key: str) -> Transit:
        """Raises ``settings.SettingError``."""
        place = urlsplit(url)
        if place.scheme not in ("https", "http") or not place.hostname:
            raise settings.SettingError("kms_url must be the key service's address, as https://host:port")
        if place.scheme == "http" and place.hostname not in LOOPBACK:
            raise settings.SettingError("kms_url must begin with https:// unless the service is on this machine")
        path = sealing.secrets_folder() / "kms-token"
        try:
            token = path.read_text(encoding="utf-8").strip()
        except OSError:
            raise settings.SettingError(f"the token for the key service belongs in {path}") from None
        return cls(url.rstrip("/"), key, token)

    def wrap(self, key: bytes) -> dict[str, str]:
        answer = self._ask("encrypt", {"plaintext": base64.b64encode(key).decode()})
        text = answer.get("ciphertext")
        if not isinstance(text, str) or not text:
            raise KeeperUnavailable("the key service answered something else than a ciphertext")
        return {"ciphertext": text, "key": self.key}

    def unwrap(self, wrapped: dict[str, str]) -> bytes:
        answer = self._ask("decrypt", {"ciphertext": wrapped.get("ciphertext", "")})
        try:
            return base64.b64decode(answer["plaintext"], validate=True)
        except (KeyError, TypeError, binascii.Error):
            raise DoesNotOpen("the key service gave back something else than a key; nothing has changed") from None

    def _ask(self, verb: str, body: dict[str, str]) -> dict[str, Any]:
        pool = urllib3.PoolManager(timeout=urllib3.Timeout(WAIT_S), retries=False,
                                   ssl_context=ssl.create_default_context())  # fmt: skip
        try:
            answer = pool.request(
                "POST", f"{self.url}/v1/transit/{verb}/{quote(self.key, safe='')}", body=json.dumps(body).encode(),
                headers={"X-Vault-Token": self.token, "Content-Type": "application/json"}, redirect=False,
            )  # fmt: skip
            found = json.loads(answer.data) if answer.status == 200 else {}
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise KeeperUnavailable(f"the key service cannot be asked ({type(error).__name__})") from None
        if answer.status == 400 and verb == "decrypt":
            raise DoesNotOpen("the key service does not open this; nothing has changed")
        if answer.status != 200:
            raise KeeperUnavailable(f"the key service answered {answer.status}")
        data = found.get("data") if isinstance(found, dict) else None
        if not isinstance(data, dict):
            raise KeeperUnavailable("the key service answered something else than it should")
        return data
