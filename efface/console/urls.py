"""Addresses of the console."""

from __future__ import annotations

from allauth.account.views import AccountInactiveView, LoginView, LogoutView
from django.urls import include, path

from efface.console import (
    bundle,
    casework,
    desk,
    mine,
    opening,
    permission,
    pictures,
    places,
    site_desk,
    site_lists,
    webs,
)  # fmt: skip

rooms = [
    path("", desk.home, name="home"),
    path("queue/", desk.queue, name="queue"),
    path("queue/fresh/", desk.fresh, name="fresh"),
    path("decision/<slug:kind>/<uuid:id>/", desk.decision, name="decision"),
    path("decision/<slug:kind>/<uuid:id>/take/", desk.take, name="take"),
    path("cases/", casework.cases, name="cases"),
    path("cases/new/", opening.new_case, name="new-case"),
    path("cases/<uuid:id>/", casework.case, name="case"),
    path("cases/<uuid:id>/timeline/", casework.timeline, name="case-timeline"),
    path("cases/<uuid:id>/code/", opening.new_code, name="new-code"),
    path("cases/<uuid:id>/attest/", casework.attest, name="attest"),
    path("cases/<uuid:id>/consent/", casework.consent, name="case-consent"),
    path("cases/<uuid:id>/age/", casework.age, name="case-age"),
    path("cases/<uuid:id>/pause/", casework.pause, name="case-pause"),
    path("cases/<uuid:id>/message/", casework.message, name="case-message"),
    path("cases/<uuid:id>/link/", casework.link, name="case-link"),
    path("cases/<uuid:id>/hold/", casework.hold, name="case-hold"),
    path("cases/<uuid:id>/hold/<uuid:hold_id>/lift/", casework.lift, name="case-lift"),
    path("cases/<uuid:id>/pictures/", pictures.pictures, name="case-pictures"),
    path("cases/<uuid:id>/bundle/", bundle.bundle, name="case-bundle"),
    path("cases/<uuid:id>/mine/", mine.mine, name="case-mine"),
    path("cases/<uuid:id>/mine/name/", mine.name, name="case-name"),
    path("cases/<uuid:id>/mine/name/<uuid:name_id>/end/", mine.name_end, name="case-name-end"),
    path("cases/<uuid:id>/mine/place/", mine.place, name="case-place"),
    path("cases/<uuid:id>/mine/place/<uuid:place_id>/end/", mine.place_end, name="case-place-end"),
    path("cases/<uuid:id>/fingerprint/<uuid:fingerprint_id>/retire/", pictures.retire, name="retire"),
    path("cases/<uuid:id>/erase/", opening.erase, name="case-erase"),
    path("sites/", places.sites, name="sites"),
    path("sites/table/", places.as_csv, name="sites-csv"),
    path("sites/add/", site_desk.add, name="site-add"),
    path("sites/new/", site_desk.discovered, name="discovered"),
    path("sites/new/<uuid:id>/", site_desk.answer, name="discovered-answer"),
    path("sites/import/", site_lists.take_in, name="site-import"),
    path("sites/change/", site_desk.bulk, name="site-bulk"),
    path("sites/undo/<uuid:batch>/", site_desk.undo, name="site-undo"),
    path("sites/facts/", site_lists.share, name="facts"),
    path("sites/facts/give/", site_lists.give, name="facts-give"),
    path("sites/facts/<uuid:id>/withdraw/", site_lists.withdraw, name="facts-withdraw"),
    path("sites/<uuid:id>/", places.site, name="site"),
    path("sites/<uuid:id>/edit/", site_desk.edit, name="site-edit"),
    path("sites/<uuid:id>/look-up/", site_desk.look_up, name="site-look-up"),
    path("sites/<uuid:id>/merge/", site_desk.merge, name="site-merge"),
    path("sites/<uuid:id>/split/", site_desk.split, name="site-split"),
    path("networks/", webs.index, name="networks"),
    path("networks/<uuid:id>/", webs.network, name="network"),
    path("networks/<uuid:id>/say/", webs.say, name="network-say"),
    path("networks/<uuid:id>/word/<uuid:word_id>/end/", webs.take_back, name="network-take-back"),
    path("face-search/", permission.face_search, name="face-search"),
]

urlpatterns = [
    path("sign-in/", LoginView.as_view(template_name="console/sign_in.html"), name="account_login"),
    path("sign-out/", LogoutView.as_view(template_name="console/sign_out.html"), name="account_logout"),
    path("inactive/", AccountInactiveView.as_view(template_name="console/inactive.html"), name="account_inactive"),
    path("", include((rooms, "console"))),
]
