"""What forms of the desk carry besides their fields."""

from __future__ import annotations

from typing import Any

from django import template

from efface.console import kept

register = template.Library()


@register.simple_tag(takes_context=True)
def who(context: Any) -> str:
    """Whose form this is, signed: what was typed is given back to nobody else (``kept``)."""
    request = context.get("request")
    user = getattr(request, "user", None)
    return kept.token(user.pk) if user is not None and user.is_authenticated else ""
