"""Signing in at the console's door, as a person does: password, then the code an app shows."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from tests import people

SIGN_IN, SECOND, SET_UP = "/console/sign-in/", "/console/sign-in/second/", "/console/second-step/"


def code_of(key: str, steps: int = 0) -> str:
    """What an app with this key shows now (RFC 6238), or ``steps`` half minutes from now."""
    return totp.format_hotp_value(totp.hotp_value(key.replace(" ", ""), int(time.time()) // 30 + steps))


def key_on(page: Any) -> str:
    found = re.search(r'data-fact="key">([A-Z2-7 ]+)<', page.content.decode())
    assert found, page.content.decode()[:2000]
    return found[1].replace(" ", "")


def password(client: Client, email: str, given: str = people.PASSWORD) -> Any:
    return client.post(SIGN_IN, {"login": email, "password": given})


def enrol(client: Client) -> tuple[str, list[str]]:
    """Set up the app on the page that asks for it. Returns its key and the codes on paper."""
    key = key_on(client.get(SET_UP))
    done = client.post(SET_UP, {"code": code_of(key)})
    assert done.status_code == 200, done.content
    return key, re.findall(r"<li><code>(\d{8})</code>", done.content.decode())


def enrolled(user: Any) -> tuple[Client, str, list[str]]:
    """A member who is in, with the app's key and the codes on paper."""
    client = Client()
    assert password(client, user.email).headers["Location"] == "/console/"
    return client, *enrol(client)


def fresh_codes() -> None:
    """As if half a minute had passed: codes used before can be used again."""
    from django.core.cache import cache

    cache.clear()
