"""Addresses of the portal. They say nothing about what it is."""

from __future__ import annotations

from django.urls import path

from efface.portal import (
    answers,
    asking,
    contact,
    lists,
    mine,
    page,
    pictures,
    places,
    printing,
    public,
    reporting,
    reviewing,
    writing,
)

app_name = "portal"
urlpatterns = [
    path("", public.start, name="start"),
    path("enter/", public.enter, name="enter"),
    path("leave/", public.leave, name="leave"),
    path("page/", public.neutral, name="neutral"),
    path("places/", places.places, name="places"),
    path("places/<slug:code>/", places.place, name="place-law"),
    path("case/", page.case, name="case"),
    path("case/allow/", page.consents, name="consents"),
    path("case/messages/", writing.messages_page, name="messages"),
    path("case/timeline/", printing.timeline, name="timeline"),
    path("case/timeline/record/", printing.record, name="record"),
    path("case/contact/", contact.contact, name="contact"),
    path("case/contact/try/", contact.try_out, name="contact-try"),
    path("case/contact/told/", contact.told, name="told"),
    path("case/links/", reporting.links, name="links"),
    path("case/answer/many/", reviewing.many, name="answer-many"),
    path("case/answer/later/", reviewing.again, name="answer-later"),
    path("case/answer/<uuid:id>/undo/", reviewing.undo, name="answer-undo"),
    path("case/gone/<uuid:id>/", reviewing.gone, name="say-gone"),
    path("case/pictures/", pictures.pictures, name="pictures"),
    path("case/me/", mine.mine, name="mine"),
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
    path("case/link/", reporting.report, name="link"),
    path("case/messages/write/", writing.write, name="write"),
]
