"""Copy vectors in the matcher and on the way to a candidate: within one model, with their own consent, forgotten."""

from __future__ import annotations

import gc
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from efface.cases import consents
from efface.cases.active import Active
from efface.console.drawing import drawings
from efface.console.reasons import sentences
from efface.engine.base import tenancy
from efface.net.protocol import Vector, to_wire
from efface.search import deciding
from efface.search.matcher.hits import Compare, Shown
from efface.search.matcher.index import Bounds, Index
from efface.search.matcher.memory import Memory
from efface.search.matcher.server import Server
from efface.search.matcher.tally import Tally
from efface.search.models import Match
from tests.search.scene import Page, hit_of
from tests.search.test_copies import WHO, _case, _match
from tests.search.test_crawl import World

MODEL, OTHER = "c@sha256:1", "c@sha256:2"
BOUNDS = {MODEL: Bounds(0.6, 0.8)}
WHOLE, PART = [0.0, 0.0, 1.0, 1.0], [0.25, 0.1, 0.75, 0.5]


def enrolled(values: list[float], model: str = MODEL) -> Active:
    return Active(uuid.uuid4(), uuid.uuid4(), uuid.uuid4(), "copy", {"model": model, "vector": values, "sha256": "a"})


def met(values: list[float], box: list[float] | None = None, model: str = MODEL) -> Vector:
    return Vector(model, values, box or WHOLE)


def test_review_strong_and_the_best_part_of_a_picture() -> None:
    hers = enrolled([1.0, 0.0])
    index = Index([hers], {}, BOUNDS)
    assert index.vectors == 1 and index.compare_vectors([met([0.59, 0.81])]) == []
    (hit,) = index.compare_vectors([met([0.62, 0.785]), met([0.9, 0.436], PART)])
    assert (hit.kind, hit.fingerprint, hit.case) == ("vector", str(hers.fingerprint_id), str(hers.case_id))
    assert (hit.threshold, hit.strong_at, hit.strong, hit.model) == (0.6, 0.8, True, MODEL)
    assert hit.score > 0.89 and hit.region == [0.25, 0.1, 0.75, 0.1, 0.75, 0.5, 0.25, 0.5]
    (weak,) = index.compare_vectors([met([0.62, 0.785])])
    assert not weak.strong


def test_different_models_never_compare() -> None:
    index = Index([enrolled([1.0, 0.0], OTHER)], {}, BOUNDS)
    assert len(index.unreadable) == 1 and index.vectors == 0
    mine = enrolled([1.0, 0.0])
    index = Index([mine], {}, BOUNDS)
    assert index.compare_vectors([met([1.0, 0.0], model=OTHER)]) == []
    assert index.compare_vectors([met([1.0, 0.0, 0.0])]) == [], "of another length"
    assert Index([mine], {}).compare_vectors([met([1.0, 0.0])]) == [], "without a model in force"


def test_one_that_ended_sees_nothing_more() -> None:
    hers = enrolled([1.0, 0.0])
    index = Index([hers], {}, BOUNDS)
    index.replace([], [hers.case_id])
    assert index.vectors == 0 and index.compare_vectors([met([1.0, 0.0])]) == []


def _server(*rows: Active) -> Server:
    class Holding:
        tally = Tally()
        index, memory, refreshed = Index(rows, {}, BOUNDS), Memory(), 0

    return Server(Holding())  # type: ignore[arg-type]


def _pushed(server: Server, *vectors: Any) -> Any:
    names = {"token": "t", "url": "u", "sha256": "5" * 64}
    return server.pushed({**names, "faces": [], "look": "", "vectors": list(vectors)})


def test_the_fetcher_learns_nothing_and_strangers_are_forgotten() -> None:
    server = _server(enrolled([1.0, 0.0]))
    same = _pushed(server, to_wire(met([1.0, 0.0])))
    stranger = _pushed(server, to_wire(met([0.0, 0.123456])))
    assert same == stranger == {"ok": True, "body": {}}
    gc.collect()
    held = [one for one in gc.get_objects() if isinstance(one, list) and len(one) == 2 and 0.123456 in one]
    assert [one for one in held if one == [0.0, 0.123456]] == []
    (hit,) = server._compare(Compare("t", [Shown("u")])).hits
    assert (hit.kind, hit.media) == ("vector", 0)
    assert server.asked({"op": "watch", "body": {}})["body"]["vectors"] == 1


@pytest.mark.parametrize("broken", ["x", [1, 2], {"model": MODEL}, {"model": MODEL, "values": ["a"], "box": WHOLE}])
def test_a_push_that_is_no_vector_is_answered_and_counts_nothing(broken: Any) -> None:
    server = _server(enrolled([1.0, 0.0]))
    assert _pushed(server, broken) == {"ok": True, "body": {}}
    assert server._compare(Compare("t", [Shown("u")])).hits == []


def test_a_hundred_thousand_in_some_milliseconds() -> None:
    import numpy as np

    index = Index([], {}, BOUNDS)
    shelf = index._vectors._index
    vectors = np.random.default_rng(0).standard_normal((20_000, 64)).astype(np.float32)
    for vector in vectors:
        shelf.add(uuid.uuid4(), MODEL, vector)
    began = time.process_time()
    index.compare_vectors([met(vectors[7].tolist())])
    assert time.process_time() - began < 0.5


@pytest.fixture
def world(now: datetime) -> Iterator[World]:
    made = World(now)
    made.fetcher.pages = {"/": Page(["/v/1"]), "/v/1": Page([], {"/m/1.jpg": "cut"})}
    yield made


CORNERS = [0.25, 0.1, 0.75, 0.1, 0.75, 0.5, 0.25, 0.5]
HIT: dict[str, Any] = {"region": CORNERS, "strong_at": 0.75, "model": MODEL}


@pytest.mark.django_db
def test_it_becomes_a_candidate_that_says_why_and_not_how_old(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "copy_match")
    world.matcher.more_hits = {"cut": [hit_of(row, "vector", 0.81, True, **HIT)]}
    world.visit()
    with tenancy.organisation(organisation.pk):
        (match,) = Match.objects.all()
        (reason,) = match.reasons
        assert (match.kind, reason["model"], reason["score"], reason["strong_at"]) == ("vector", MODEL, 0.81, 0.75)
        (words,) = sentences(match.reasons, {})
        assert "0.81" in words and "(c)" in words
        (drawing,) = drawings(match.reasons)
        assert drawing.shapes[0].kind == "local"
        assert deciding.confirm(match, WHO, "", world.now).age == "unknown"


@pytest.mark.django_db
def test_beside_a_hash_it_takes_nothing_from_the_age(world: World, organisation: Any) -> None:
    _, row = _case(world, organisation, "copy_match")
    hits = [hit_of(row, "pdq", 4.0, True), hit_of(row, "vector", 0.9, True, **HIT)]
    world.matcher.more_hits = {"cut": hits}
    world.visit()
    with tenancy.organisation(organisation.pk):
        match = _match("/v/1")
        assert {reason["kind"] for reason in match.reasons} == {"pdq", "vector"} and match.kind == "pdq"
        assert deciding.confirm(match, WHO, "", world.now).age == "adult"


@pytest.mark.django_db
def test_without_its_own_consent_nothing_is_told(world: World, organisation: Any) -> None:
    case, row = _case(world, organisation, "copy_match")
    world.matcher.more_hits = {"cut": [hit_of(row, "vector", 0.9, True, **HIT)]}
    with tenancy.organisation(organisation.pk):
        consents.withdraw(case, "copy_match", "survivor", world.now)
    world.visit()
    with tenancy.organisation(organisation.pk):
        assert not Match.objects.exists()
