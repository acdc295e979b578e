"""allauth's adapter: nobody signs up; a coordinator invites."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class ClosedDoor(DefaultAccountAdapter):
    def is_open_for_signup(self, request: Any) -> bool:
        return False
