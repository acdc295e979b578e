"""Addresses of the investigators' room."""

from __future__ import annotations

from django.urls import path

from efface.police import room

app_name = "police"
urlpatterns = [
    path("", room.home, name="home"),
    path("key/", room.key, name="key"),
    path("cases/<uuid:id>/", room.referral, name="referral"),
    path("cases/<uuid:id>/say/", room.say, name="say"),
    path("cases/<uuid:id>/ask/", room.ask, name="ask"),
    path("cases/<uuid:id>/table/", room.table, name="table"),
    path("cases/<uuid:id>/letter/", room.paper, name="letter"),
    path("cases/<uuid:id>/packs/<uuid:pack_id>/", room.take, name="pack"),
]
