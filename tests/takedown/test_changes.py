"""A person's word on a plan: it moves, leaves out, puts off, and is taken back; it never opens what safety closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from efface.takedown.changes import Change, standing
from efface.takedown.plan import Plan, plan
from tests.takedown.test_plan import CASE, CDN, EVERYBODY, FINDING, HOST, LAW, NOON, OPERATOR, dossier, make, roles


def made(*changes: Change, case=CASE, finding=FINDING, parties=EVERYBODY, beside=()) -> Plan:  # type: ignore[no-untyped-def]
    there = replace(dossier(*parties), beside=list(beside))
    return plan(case, finding, there, LAW, {}, {}, NOON, changes=standing(changes))


def test_left_out_put_off_and_moved() -> None:
    skip = Change("1", "skip", OPERATOR.key, why="she knows him")
    off = made(skip)
    assert "operator" not in roles(off)
    assert any("she knows him" in one.why for one in off.withheld if one.party_key == OPERATOR.key)
    until = NOON + timedelta(days=3)
    late = made(Change("1", "postpone", OPERATOR.key, until=until, why="trial"))
    assert {one.role: one.starts for one in late.routes}["operator"] == until and roles(late)[0] == "search"
    first = made(Change("1", "first", HOST.key, why="it answers"))
    assert roles(first)[0] == "host" and first.routes[0].starts == NOON and "it answers" in first.routes[0].changed
    before = made(Change("1", "before", CDN.key, other=OPERATOR.key, why="quick"))
    assert roles(before)[:2] == ["cdn", "operator"] and before.routes[0].starts == NOON


def test_the_last_word_counts_and_can_be_taken_back() -> None:
    until = NOON + timedelta(days=3)
    words = [Change("1", "postpone", HOST.key, until=until), Change("2", "first", HOST.key)]
    assert [one.id for one in standing(words)] == ["2"]
    back = [*words, Change("3", "undo", HOST.key, undoes="2")]
    assert [one.id for one in standing(back)] == ["1"]
    assert standing([Change("1", "skip", HOST.key), Change("2", "undo", HOST.key, undoes="1")]) == ()
    assert made(*words, Change("3", "undo", "", undoes="2"), Change("4", "undo", "", undoes="1")) == made()


def test_another_notice_and_a_party_that_was_only_shown() -> None:
    one = made(Change("1", "use", HOST.key, "generic_host_abuse", why="they prefer it"))
    host = next(route for route in one.routes if route.role == "host")
    assert host.notice_type == "generic_host_abuse" and "they prefer it" in host.changed
    assert "eu_dsa_art16" in {way.notice_type for way in host.others}
    hidden = replace(HOST, key="host:AS1", contacts=[replace(HOST.contacts[0], value="abuse@origin.example")])
    shown = made(beside=[hidden])
    assert hidden.key not in {route.party_key for route in shown.routes} and shown.beside == (hidden,)
    assert hidden.key in {r.party_key for r in made(Change("1", "ask", hidden.key), beside=[hidden]).routes}


def test_no_word_opens_what_a_safety_rule_closed() -> None:
    hostile = replace(FINDING, hostility="hostile_or_extortionate")
    words = [Change("1", "first", OPERATOR.key), Change("2", "use", OPERATOR.key, "us_tida")]
    assert "operator" not in roles(made(*words, finding=hostile))
    suspect = replace(CASE, suspects=frozenset({"host.example"}))
    asked = Change("1", "ask", "host:AS1")
    there = replace(HOST, key="host:AS1")
    assert "host" not in roles(made(asked, case=suspect, parties=[OPERATOR], beside=[there]))
    hold = replace(CASE, hold_until=NOON + timedelta(hours=72))
    moved = made(Change("1", "first", HOST.key), case=hold)
    assert next(one.starts for one in moved.routes if one.role == "host") == NOON + timedelta(hours=72)


def test_a_word_about_nobody_changes_nothing() -> None:
    assert made(Change("1", "skip", "nobody"), Change("2", "use", HOST.key, "us_tida")).routes == make().routes
