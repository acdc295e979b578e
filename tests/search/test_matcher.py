"""The matcher compares exactly, says how, forgets strangers, and follows consents."""

from __future__ import annotations

import asyncio
import random
import threading
import time
import uuid
from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from django.db import connection

from efface.cases import active, consents
from efface.cases.active import Active
from efface.net.protocol import Face, to_wire
from efface.search.matcher.client import Matcher, MatcherRefused, MatcherUnavailable
from efface.search.matcher.hits import Compare, Hit, Shown
from efface.search.matcher.holding import Holding, _listening
from efface.search.matcher.index import Bounds, Index
from efface.search.matcher.memory import KEEP_S, MOST_HITS, Memory
from efface.search.matcher.open import KEEP_S as KEEP_ASKED_S
from efface.search.matcher.open import Open
from efface.search.matcher.server import Server
from efface.vision import local, pdq
from efface.vision.hamming import DIHEDRAL
from tests.conftest import role
from tests.search.scene import make_case, picture

MODEL = "m@sha256:1"
BOUNDS = {MODEL: Bounds(0.55, 0.6)}


def _hash(seed: int) -> str:
    return random.Random(seed).randbytes(32).hex()


def _off(text: str, bits: int) -> str:
    """``text`` with its first ``bits`` bits turned."""
    return f"{int(text, 16) ^ ((1 << bits) - 1):064x}"


def _pdq(seed: int = 0, sha256: str = "") -> Active:
    views = [_hash(seed * 8 + view) for view in range(8)]
    return Active(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "pdq", {"pdq": views, "sha256": sha256, "md5": ""})


def _template(vector: list[float], model: str = MODEL) -> Active:
    return Active(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "face", {"model": model, "vector": vector, "photos": 3})


def _face(embedding: list[float], model: str = MODEL, px: int = 90) -> Face:
    return Face([0.1, 0.2, 0.3, 0.4], 0.99, 0.8, px, embedding, model)


@pytest.mark.parametrize("view", range(8))
@pytest.mark.parametrize(("bits", "found"), [(0, True), (31, True), (32, False)])
def test_every_view_up_to_the_threshold_and_not_a_bit_further(view: int, bits: int, found: bool) -> None:
    mine, other = _pdq(1), _pdq(2)
    index = Index([other, mine], BOUNDS)
    shown = [_hash(800 + number) for number in range(8)]
    shown[view] = _off(mine.value["pdq"][0], bits)
    hits = index.compare_pictures([Shown("u", shown, 80)])
    assert bool(hits) is found
    if found:
        undone = {1: 3, 3: 1}.get(view, view)
        assert (hits[0].fingerprint, hits[0].score, hits[0].view, hits[0].threshold) == (
            str(mine.fingerprint_id),
            bits,
            DIHEDRAL[undone],
            31,
        )


def test_the_view_is_what_was_done_to_her_picture() -> None:
    """With true pictures: hers turned to the left is met; it must say so."""
    pixels = np.random.default_rng(3).integers(0, 255, (12, 16, 3), dtype=np.uint8).repeat(40, 0).repeat(40, 1)
    for name, made in {
        "original": pixels,
        "rotate-90-left": np.rot90(pixels, 1),
        "rotate-90-right": np.rot90(pixels, 3),
        "flip-horizontal": pixels[:, ::-1],
        "flip-vertical": pixels[::-1],
    }.items():
        hashes, _ = pdq.fingerprint(np.ascontiguousarray(pixels))
        mine = Active(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "pdq", {"pdq": hashes})
        shown, _ = pdq.fingerprint(np.ascontiguousarray(made))
        assert [hit.view for hit in Index([mine], {}).compare_pictures([Shown("u", shown, 90)])] == [name]


def test_a_flat_picture_counts_only_as_the_very_same_file() -> None:
    mine = _pdq(1, sha256="ab" * 32)
    index = Index([mine], BOUNDS)
    assert index.compare_pictures([Shown("u", mine.value["pdq"], 49)]) == []
    hits = index.compare_pictures([Shown("u", [], 0, "ab" * 32)])
    assert [(hit.exact, hit.score) for hit in hits] == [(True, 0.0)]


def test_broken_fingerprints_and_questions_harm_nobody_else() -> None:
    broken = [Active(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "pdq", {"pdq": given}) for given in (["zz"], [], "", 5)]
    mine = _pdq(1)
    index = Index([*broken, _template([1.0], "unknown-model"), mine], BOUNDS)
    assert (index.pictures, index.faces, len(index.unreadable)) == (1, 0, 5)
    later = str(uuid.uuid4())
    assert index.missing([str(broken[0].fingerprint_id), str(mine.fingerprint_id), later]) == [later]
    shown = [Shown("a", ["not hex"], 90), Shown("b", mine.value["pdq"], 90)]
    assert [hit.media for hit in index.compare_pictures(shown)] == [1]


def test_faces_review_strong_and_the_model_they_were_made_with() -> None:
    mine = _template([2.0, 0.0, 0.0])
    index = Index([mine, _template([0.0, 1.0, 0.0])], BOUNDS)
    near = [0.58, (1 - 0.58**2) ** 0.5, 0.0]
    hits = index.compare_faces([_face([0.5, 0.0, 0.5**0.5 * 1.2]), _face(near)])
    by_owner = {hit.fingerprint: hit for hit in hits}
    assert by_owner[str(mine.fingerprint_id)].strong is False
    assert by_owner[str(mine.fingerprint_id)].score == pytest.approx(0.58, abs=1e-3)
    assert index.compare_faces([_face([1.0, 0.0, 0.0], model="other")]) == []
    assert index.compare_faces([_face([1.0, 0.0])]) == []
    assert index.compare_faces([_face([float("nan"), 0.0, 0.0])]) == []
    assert index.compare_faces([_face([1.0, 0.0, 0.0])])[0].strong


def _hit(case: str = "c") -> Hit:
    return Hit("o", case, "f", 0, "face", 0.7, 0.55, True)


def test_face_hits_live_ten_minutes_under_their_scan() -> None:
    now = [0.0]
    memory = Memory(lambda: now[0])
    memory.add("t", "url", "file", [_hit()])
    assert [hit.media for hit in memory.take("t", [Shown("x"), Shown("url")])] == [1]
    assert [hit.media for hit in memory.take("t", [Shown("other", sha256="file")])] == [0]
    assert memory.take("t", [Shown("x")]) == memory.take("else", [Shown("url")]) == []
    now[0] = KEEP_S + 1
    assert memory.take("t", [Shown("url")]) == []
    assert len(memory) == 0


def test_memory_is_bounded_and_ended_consents_leave_it() -> None:
    memory = Memory()
    memory.add("t", "url", "", [replace(_hit(), fingerprint=str(n)) for n in range(MOST_HITS + 10)])
    assert len(memory.take("t", [Shown("url")])) == MOST_HITS
    for score in (0.6, 0.8, 0.7):
        memory.add("twice", "url", "", [replace(_hit(), score=score)])
    assert [hit.score for hit in memory.take("twice", [Shown("url")])] == [0.8]
    memory.add("t" * 65, "url", "", [_hit()])
    memory.drop({"c"})
    assert memory.take("t", [Shown("url")]) == []


def _holding(*rows: Active) -> Holding:
    holding = Holding(Memory())
    holding.index = Index(rows, BOUNDS)
    return holding


def test_pushed_faces_are_acknowledged_whatever_they_are_and_strangers_forgotten() -> None:
    server = Server(_holding(_template([1.0, 0.0])))
    acknowledged = {"ok": True, "body": {}}
    stranger = {"token": "s", "url": "u", "sha256": "f", "faces": [to_wire(_face([0.0, 1.0]))]}
    for push in (stranger, None, [], {"faces": 5}, {"token": "s", "faces": [{"box": "x"}]}):
        assert server.pushed(push) == acknowledged
    assert len(server.holding.memory) == 0
    for wrong in ({"box": [0.1, 0.2, float("nan"), 0.4]}, {"score": float("inf")}, {"px": -1}, {"box": []}):
        face = {**to_wire(_face([1.0, 0.0])), **wrong}
        assert server.pushed({"token": "s", "url": "u", "sha256": "f", "faces": [face]}) == acknowledged
    assert len(server.holding.memory) == 0, "numbers that are none are nobody's face"
    assert (
        server.pushed({"token": "s", "url": "u", "sha256": "f", "faces": [to_wire(_face([1.0, 0.0]))]}) == acknowledged
    )
    answer = server.asked({"op": "compare", "body": {"token": "s", "media": [{"url_digest": "u"}]}})
    assert [(hit["kind"], hit["strong"]) for hit in answer["body"]["hits"]] == [("face", True)]


@pytest.mark.parametrize(
    "question", [None, {}, {"op": "who-is"}, {"op": "compare", "body": {"media": 3}}, {"op": "compare"}]
)
def test_a_bad_question_gets_an_answer(question: Any) -> None:
    assert Server(_holding()).asked(question)["ok"] is False


def test_client_and_sockets(tmp_path: Path) -> None:
    mine = _pdq(1)
    server = Server(_holding(mine))
    up, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve(tmp_path, stop, up.set)))
    thread.start()
    assert up.wait(5)
    try:
        matcher = Matcher(tmp_path / "matcher.sock", patience_s=0)
        hits = matcher.compare(Compare("", [Shown("u", mine.value["pdq"][::-1], 90)]))
        assert (hits.boot, hits.hits[0].view) == (server.boot, "transverse")
        assert matcher.watch().pictures == 1
        server.holding.memory.add("t", "u", "", [_hit()])
        assert len(matcher.compare(Compare("t", [Shown("u")])).hits) == 1
        matcher.forget("t")
        assert matcher.compare(Compare("t", [Shown("u")])).hits == [] and len(server.holding.memory) == 0
        with pytest.raises(MatcherRefused, match="too many"):
            matcher.compare(Compare("", [Shown("u")] * 2001))
        assert (tmp_path / "faces.sock").stat().st_mode & 0o777 == 0o600
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()
    with pytest.raises(MatcherUnavailable):
        Matcher(tmp_path / "nobody.sock", patience_s=0).watch()


@pytest.mark.django_db
def test_holds_what_may_be_used_and_lets_go_when_it_ends(inside: Any, now: datetime) -> None:
    first, second = make_case(inside, now), make_case(inside, now)
    picture(first, "a", now)
    picture(second, "b", now)
    holding = Holding(Memory())
    with role("efface_engine"):
        holding.load()
    assert (holding.index.pictures, holding.index.cases()) == (2, {first.pk, second.pk})
    holding.memory.add("t", "u", "", [_hit(str(first.pk))])
    consents.withdraw(first, "hash_match", "survivor", now)
    with role("efface_engine"):
        holding.load([first.pk])
    assert holding.index.cases() == {second.pk}
    assert holding.memory.take("t", [Shown("u")]) == []


@pytest.mark.django_db
def test_a_notification_is_followed_within_a_second() -> None:
    holding = Holding(Memory())
    ready = threading.Event()

    def run() -> None:
        try:
            holding.run(ready)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(10)
        before = holding.refreshed
        with _listening() as speaker:
            assert isinstance(speaker, psycopg.Connection)
            speaker.execute("SELECT pg_notify(%s, %s)", [active.CHANNEL, str(uuid.uuid4())])
        until = time.monotonic() + 1.0
        while holding.refreshed == before and time.monotonic() < until:
            time.sleep(0.01)
        assert holding.refreshed > before
    finally:
        holding.stop()
        thread.join(5)
    assert not thread.is_alive()


def _textured(seed: int, width: int = 600, height: int = 400) -> Any:
    """A picture full of corners."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 20, width // 20, 3), np.uint8)
    return np.kron(coarse, np.ones((20, 20, 1), np.uint8))


def _local(rgb: Any) -> Active:
    value = {"local": b64encode(local.enrol(rgb).to_bytes()).decode(), "sha256": "", "md5": ""}
    return Active(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "local", value)


def _push(server: Server, token: str, rgb: Any, *, lie: Any = None) -> Any:
    """What the fetcher does: look, and look again where it is asked to."""
    look = b64encode(local.look(rgb).to_bytes()).decode()
    body = server.pushed({"token": token, "url": "u", "sha256": "", "faces": [], "look": look})["body"]
    if not body.get("places"):
        return body
    seen = local.tiles(rgb if lie is None else lie, [tuple(place) for place in body["places"]])
    server.pushed({"number": body["number"], "tiles": [b64encode(one.to_bytes()).decode() for one in seen]})
    return body


def _hits(server: Server) -> Any:
    return server.asked({"op": "compare", "body": {"token": "scan", "media": [{"url_digest": "u"}]}})["body"]["hits"]


def test_a_part_of_an_enrolled_picture_is_seen_in_two_rounds() -> None:
    hers, other = _textured(1), _textured(2)
    holding = Holding(Memory())
    row = _local(hers)
    holding.index = Index([row, _local(other)], {})
    server = Server(holding)
    framed = np.full((700, 640, 3), 240, np.uint8)
    framed[120:440, 60:540] = hers[:320, 60:540]
    body = _push(server, "scan", framed)
    assert body["places"] and set(body) == {"number", "places"}  # nothing of whose it may be
    (hit,) = _hits(server)
    assert (hit["kind"], hit["fingerprint"]) == ("local", str(row.fingerprint_id))
    corners = np.array(hit["region"]).reshape(-1, 2)
    assert corners[:, 1].min() == pytest.approx(120 / 700, abs=0.04)


def test_what_the_second_look_does_not_bear_out_is_no_hit() -> None:
    """Points that agree are not enough: the decoder saw something else there."""
    hers = _textured(1)
    holding = Holding(Memory())
    holding.index = Index([_local(hers)], {})
    server = Server(holding)
    assert _push(server, "scan", hers, lie=_textured(9))["places"]
    assert _hits(server) == []


def test_local_features_of_an_ended_consent_see_nothing_more() -> None:
    hers = _textured(1)
    holding = Holding(Memory())
    row = _local(hers)
    holding.index = Index([row], {})
    server = Server(holding)
    look = b64encode(local.look(hers).to_bytes()).decode()
    body = server.pushed({"token": "scan", "url": "u", "faces": [], "look": look})["body"]
    holding.index.replace([], [row.case_id])
    seen = local.tiles(hers, [tuple(place) for place in body["places"]])
    server.pushed({"number": body["number"], "tiles": [b64encode(one.to_bytes()).decode() for one in seen]})
    assert _hits(server) == []
    assert holding.index.looks == 0


def test_tiles_that_were_not_compared_are_not_acknowledged() -> None:
    """Told late, twice, or as something else: the picture must be looked at again."""
    hers, clock = _textured(1), [0.0]
    holding = Holding(Memory())
    holding.index = Index([_local(hers)], {})
    server = Server(holding)
    server._open = Open(lambda: clock[0])
    look = b64encode(local.look(hers).to_bytes()).decode()

    def asked() -> tuple[int, list[str]]:
        body = server.pushed({"token": "scan", "url": "u", "sha256": "", "faces": [], "look": look})["body"]
        seen = local.tiles(hers, [tuple(place) for place in body["places"]])
        return body["number"], [b64encode(one.to_bytes()).decode() for one in seen]

    number, tiles = asked()
    clock[0] += KEEP_ASKED_S
    assert server.pushed({"number": number, "tiles": tiles})["ok"] is False
    number, tiles = asked()
    assert server.pushed({"number": number, "tiles": tiles})["ok"] is True
    for push in ({"number": number, "tiles": tiles}, {"number": 1, "tiles": []}, {"tiles": 3}):
        assert server.pushed(push)["ok"] is False
    number, tiles = asked()
    assert server.pushed({"number": number, "tiles": ["AAAA"] * len(tiles)})["ok"] is False


@pytest.mark.parametrize("push", [{"look": "!"}, {"look": "AAAA"}, {"look": 7}])
def test_a_push_that_makes_no_sense_is_answered_like_any_other(push: dict[str, Any]) -> None:
    server = Server(Holding(Memory()))
    assert server.pushed({"token": "t", "url": "u", "sha256": "", "faces": [], **push}) == {"ok": True, "body": {}}


def test_names_are_compared_with_what_a_page_says_and_common_ones_alone_are_not() -> None:
    case = uuid.uuid4()

    def text(kind: str, value: str, of: uuid.UUID = case) -> Active:
        return Active(uuid.uuid4(), of, uuid.uuid4(), "text", {"kind": kind, "value": value, "country": "DE"})

    handle, name = text("handle", "quietlake_94"), text("name", "Maria Garcia")
    index = Index([handle, name], {})
    assert index.compare_text("hello, Maria Garcia is a common name") == []
    (hit,) = index.compare_text("she is on there as Q u i e t l a k e _ 9 4 now")
    assert (hit.kind, hit.media, hit.words, hit.fingerprint) == ("text", -1, "handle", str(handle.fingerprint_id))
    both = index.compare_text("Maria Garcia, also known as quietlake_94")
    assert {one.fingerprint for one in both} == {str(handle.fingerprint_id), str(name.fingerprint_id)}
    assert "quietlake" not in str(both) and "Garcia" not in str(both)


def test_what_is_held_need_not_be_given_again() -> None:
    row = _pdq(1)
    index = Index([row], {})
    index.replace([replace(row, value=None)])
    assert index.held() == {row.fingerprint_id}
    assert index.compare_pictures([Shown("u", row.value["pdq"], 90)])


def test_a_template_of_one_photo_has_thresholds_of_its_own() -> None:
    """It resembles everybody less than a mean of three does, her included."""
    one, three = _template([1.0, 0.0]), _template([1.0, 0.0])
    one.value["photos"] = 1
    index = Index([one, three], {MODEL: Bounds(0.55, 0.6, 0.53, 0.58)})
    (hit,) = index.compare_faces([_face([0.54, (1 - 0.54**2) ** 0.5])])
    assert (hit.fingerprint, hit.threshold, hit.strong_at, hit.strong) == (str(one.fingerprint_id), 0.53, 0.58, False)
    both = index.compare_faces([_face([0.59, (1 - 0.59**2) ** 0.5])])
    assert {hit.fingerprint: hit.strong for hit in both} == {
        str(one.fingerprint_id): True, str(three.fingerprint_id): False,
    }  # fmt: skip
