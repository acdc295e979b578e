"""allauth's adapter: nobody signs up, people are invited; tries are counted where every process counts."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from efface.accounts import knocking


def wait_words(minutes: int) -> str:
    """What somebody reads who has to wait, and how they get in sooner."""
    return _(
        "There were several wrong tries, so this account waits now. You can try again in %(minutes)s minutes. If it is "
        "urgent, or you have lost your password or your second step, ask a coordinator or lead of your organisation: "
        "they can end the wait, and make you a link that lets you in again."
    ) % {"minutes": minutes}


class ClosedDoor(DefaultAccountAdapter):
    def is_open_for_signup(self, request: Any) -> bool:
        return False

    def pre_authenticate(self, request: Any, **credentials: Any) -> None:
        waits = knocking.password(request, str(credentials.get("email", "")))
        if waits:
            raise ValidationError(wait_words(waits))

    def authenticate(self, request: Any, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        if user is not None:
            knocking.password_right(request, str(credentials.get("email", "")))
        return user

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """No mail goes to workers: what changed stands on their account's page and in the audit chain."""
