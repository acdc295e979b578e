"""Addresses of the portal. They say nothing about what it is."""

from __future__ import annotations

from django.urls import path

from efface.portal import answers, asking, authority, lists, mine, page, pictures, places, proof, public, statements

app_name = "portal"
urlpatterns = [
    path("", public.start, name="start"),
    path("enter/", public.enter, name="enter"),
    path("leave/", public.leave, name="leave"),
    path("page/", public.neutral, name="neutral"),
    path("places/", places.places, name="places"),
    path("places/<slug:code>/", places.place, name="place-law"),
    path("statements/", statements.statements, name="statements"),
    path("case/", page.case, name="case"),
    path("case/allow/", page.consents, name="consents"),
    path("case/messages/", page.messages_page, name="messages"),
    path("case/timeline/", page.timeline, name="timeline"),
    path("case/pictures/", pictures.pictures, name="pictures"),
    path("case/pictures/made/", pictures.made_on_device, name="made"),
    path("case/pictures/part/<slug:digest>/", pictures.net, name="part"),
    path("case/me/", mine.mine, name="mine"),
    path("case/proof/", proof.proof, name="proof"),
    path("case/proof/where/", proof.suggest, name="proof-where"),
    path("case/proof/decide/", proof.decide, name="proof-decide"),
    path("case/proof/destroy/", proof.destroy, name="proof-destroy"),
    path("case/letter/", authority.letter, name="authority"),
    path("case/letter/end/", authority.end, name="authority-end"),
    path("case/letter/copy/", authority.copy, name="authority-copy"),
    path("case/lists/", lists.lists, name="lists"),
    path("case/lists/<slug:desk>/", lists.say, name="list-say"),
    path("case/me/name/", mine.name, name="name"),
    path("case/me/name/<uuid:id>/end/", mine.name_end, name="name-end"),
    path("case/me/place/", mine.place, name="place"),
    path("case/me/place/<uuid:id>/end/", mine.place_end, name="place-end"),
    path("case/questions/", asking.asking, name="asking"),
    path("case/questions/reply/", asking.reply, name="reply"),
    path("case/questions/never/", asking.avoid, name="avoid"),
    path("case/questions/never/<uuid:id>/end/", asking.avoid_end, name="avoid-end"),
    path("case/answer/<uuid:id>/", answers.candidate, name="answer"),
    path("case/age/<uuid:id>/", answers.age, name="age"),
    path("case/age/", answers.case_age, name="case-age"),
    path("case/allow/change/", answers.consent, name="consent"),
    path("case/pause/", answers.pause, name="pause"),
    path("case/link/", answers.link, name="link"),
    path("case/messages/write/", answers.message, name="write"),
]
