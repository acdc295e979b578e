"""The second step of signing in: a code of an app, or a passkey; and codes on paper for the day both are lost.

Without one no case content is shown to anybody (``doorkeeper``). The checking itself is allauth's.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.adapter import get_adapter as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from efface.accounts.models import User
from efface.engine.base import sealing

PASSED, SECRET = "second", "second_new"
"""In the session: whose second step was taken; a secret that is being set up."""
APP, PASSKEY, PAPER = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN, Authenticator.Type.RECOVERY_CODES
MOST_PASSKEYS = 8
FEW = 3
"""So few codes on paper are left that new ones are worth making."""
CONTEXT = "mfa"
LONGEST = 20_000
"""Characters of a passkey's answer."""


class NotRight(ValueError):
    """A code or a passkey that does not fit; the message says what to do."""


class SealedSecrets(DefaultMFAAdapter):
    """allauth's adapter: what it keeps in the database is sealed, and the app shows the organisation's word."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(sealing.seal(sealing.derive(CONTEXT), text.encode(), CONTEXT)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(sealing.derive(CONTEXT), base64.b64decode(encrypted_text), CONTEXT).decode()

    def get_totp_issuer(self) -> str:
        # What stands in the app on a phone says nothing about what is done here.
        return "Desk"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": "Desk"}


def passed(request: Any) -> bool:
    """Whether this session's member has taken a second step in it."""
    return bool(request.session.get(PASSED) == str(request.user.pk))


def has_one(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type__in=(APP, PASSKEY)).exists()


def listed(user: User) -> list[Authenticator]:
    """What the account has, without the codes on paper."""
    return list(Authenticator.objects.filter(user=user).exclude(type=PAPER).order_by("created_at"))


def is_right(user: User, code: str) -> bool:
    """A code of the app, or one on paper, which is used up by it."""
    plain = "".join(code.split()).replace("-", "")
    for one in Authenticator.objects.filter(user=user).exclude(type=PASSKEY):
        if one.wrap().validate_code(plain):
            one.record_usage()
            return True
    return False


@dataclass(frozen=True, slots=True)
class NewApp:
    """A secret for an app: to scan (SVG), to type, and as a link that opens an app on this device."""

    secret: str
    link: str
    picture: str

    @property
    def in_groups(self) -> str:
        plain = self.secret.rstrip("=")
        return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def begin_app(session: Any, user: User) -> NewApp:
    """The secret that is being set up; the same until it is confirmed, so that a reload changes nothing."""
    secret = session.get(SECRET)
    if not secret:
        secret = session[SECRET] = totp.generate_totp_secret()
    link = mfa().build_totp_url(user, secret)
    svg = mfa().build_totp_svg(link)
    return NewApp(secret, link, svg[svg.index("<svg") :])


def confirm_app(session: Any, user: User, code: str) -> None:
    """The app shows the right code: it is the second step from now on. Raises ``NotRight``."""
    secret = session.get(SECRET)
    plain = "".join(code.split())
    if not secret or not totp.validate_totp_code(secret, plain):
        raise NotRight(_("This is not the code that the app shows now. Codes change every half minute; if it never "
                         "fits, look whether the phone's clock is right."))  # fmt: skip
    Authenticator.objects.filter(user=user, type=APP).delete()
    totp.TOTP.activate(user, secret)
    del session[SECRET]


def begin_passkey(user: User) -> dict[str, Any]:
    """Options for ``navigator.credentials.create``, bytes as base64url."""
    return _plain(webauthn.begin_registration(user, passwordless=False))


def confirm_passkey(user: User, credential: str, name: str) -> None:
    """Raises ``NotRight``."""
    if Authenticator.objects.filter(user=user, type=PASSKEY).count() >= MOST_PASSKEYS:
        raise NotRight(_("There are so many passkeys already that one has to go first."))
    try:
        given = _mapping(credential)
        webauthn.parse_registration_response(given)
        webauthn.complete_registration(given)
    except (ValueError, TypeError, KeyError, AttributeError, ValidationError):
        raise NotRight(_("The passkey was not made. Nothing has changed; please try again.")) from None
    webauthn.WebAuthn.add(user, name.strip()[:60] or _("Passkey"), given)


def begin_asking(user: User) -> dict[str, Any] | None:
    """Options for ``navigator.credentials.get``; None where the account has no passkey."""
    if not Authenticator.objects.filter(user=user, type=PASSKEY).exists():
        return None
    return _plain(webauthn.begin_authentication(user))


def is_right_passkey(user: User, credential: str) -> bool:
    try:
        given = _mapping(credential)
        webauthn.parse_authentication_response(given)
        webauthn.complete_authentication(user, given).record_usage()
    except (ValueError, TypeError, KeyError, AttributeError, ValidationError):
        return False
    return True


def _mapping(text: str) -> dict[str, Any]:
    found = json.loads(text) if len(text) <= LONGEST else None
    if not isinstance(found, dict):
        raise ValueError("not a credential")
    return found


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    """As JSON takes it: fido2 gives its own mappings, bytes already as base64url."""
    plain: dict[str, Any] = json.loads(json.dumps(options, default=dict))
    return plain


def paper(user: User) -> list[str] | None:
    """The codes on paper that are left; None where there are none yet."""
    row = Authenticator.objects.filter(user=user, type=PAPER).first()
    return row.wrap().get_unused_codes() if row is not None else None


def new_paper(user: User) -> list[str]:
    """New codes on paper; those before count no more. To be shown once."""
    Authenticator.objects.filter(user=user, type=PAPER).delete()
    codes: list[str] = RecoveryCodes.activate(user).get_unused_codes()
    return codes


def remove(user: User, id: int) -> bool:
    """Take one away, never the last. False where it is the last, or none of theirs."""
    rows = Authenticator.objects.select_for_update().filter(user=user).exclude(type=PAPER)
    found = {row.pk: row for row in rows}
    if id not in found or len(found) < 2:
        return False
    found[id].delete()
    return True


def forget(user: User) -> None:
    """The account has no second step any more: the next sign-in sets one up."""
    Authenticator.objects.filter(user=user).delete()


def last_used(one: Authenticator) -> datetime | None:
    return one.last_used_at
