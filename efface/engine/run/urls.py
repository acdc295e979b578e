"""Which door stands where."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

urlpatterns = [
    path("", include("efface.portal.urls")),
    path("console/", include("efface.console.urls")),
    path("api/", include("efface.api.urls")),
    path("police/", include("efface.police.urls")),
    path("language/", set_language, name="set_language"),
]
