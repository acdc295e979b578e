"""Noticing child material: a list says yes and nothing more, words need two places and no news around them. Everything
here is harmless: digests of names, and phrases that mean nothing."""

from __future__ import annotations

import gc
import http.server
import json
import random
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efface.engine.base import settings
from efface.law.load import load
from efface.net.protocol import FetchFacts, MediaRef, Picture, Scan, ScannedMedia
from efface.search.suspicion import hotlines, known, terms
from efface.search.suspicion.contract import Digests, KnownList, ListRefused, ListUnavailable
from efface.search.suspicion.endpoint import Endpoint
from efface.search.suspicion.listfile import Files, ListFile, read
from efface.search.suspicion.page import Suspicion
from tests.search.scene import pdq_of, sha_of

MD5 = "0123456789abcdef0123456789abcdef"
OURS = terms.read()


def _digests(name: str) -> Digests:
    return Digests("", sha_of(name), tuple(pdq_of(name)))


class _Service(http.server.BaseHTTPRequestHandler):
    asked: list[dict[str, Any]]
    said: bytes = b'{"known": false}'
    bad: set[str]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append({"body": body, "headers": dict(self.headers)})
        hit = any(one["sha256"] in type(self).bad or set(one["pdq"]) & type(self).bad for one in body["media"])
        answer = json.dumps({"known": hit}).encode() if type(self).said == b"" else type(self).said
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def service() -> Iterator[tuple[str, type[_Service]]]:
    made = type("Service", (_Service,), {"asked": [], "said": b"", "bad": {sha_of("bad"), pdq_of("bad hash")[0]}})
    server = http.server.HTTPServer(("127.0.0.1", 0), made)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/known", made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["file", "service"])
def known_list(request: pytest.FixtureRequest, tmp_path: Path, service: Any) -> KnownList:
    if request.param == "service":
        return Endpoint(service[0], "word")
    path = tmp_path / "list.txt"
    path.write_text(f"# kept harmless\nsha256 {sha_of('bad')}\npdq {pdq_of('bad hash')[0]}\n{MD5}\n")
    return ListFile(path)


class TestContract:
    """Whatever stands behind it."""

    def test_it_says_yes_to_what_is_on_it_and_no_to_the_rest(self, known_list: KnownList) -> None:
        assert known_list.holds([_digests("other"), _digests("bad")]) is True
        assert known_list.holds([_digests("bad hash")]) is True
        assert known_list.holds([_digests("other")]) is False
        assert known_list.holds([]) is False

    def test_its_name_is_no_content(self, known_list: KnownList) -> None:
        assert known_list.name in ("list-file", "list-service")


def test_a_list_file_finds_near_hashes_turned_ones_and_md5(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"pdq {pdq_of('a')[0]}\nmd5 {MD5.upper()}\n")
    held = ListFile(path)
    assert held.holds([Digests(pdq=tuple(pdq_of("a~12")))])
    assert held.holds([Digests(pdq=tuple(pdq_of("a>")))])
    assert held.holds([Digests(md5=MD5)])
    assert not held.holds([Digests(pdq=tuple(pdq_of("a~40")))])


@given(st.sets(st.one_of(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))), st.data())
def test_packed_digests_answer_as_a_set_would(digests: set[bytes], data: Any) -> None:
    held = Files([*digests, *digests])
    assert len(held) == len(digests) and all(one in held for one in digests)
    asked = data.draw(st.binary(min_size=16, max_size=16))
    # One that begins like one of them, too.
    near = [one[:8] + bytes(len(one) - 8) for one in digests]
    assert [one in held for one in (asked, *near)] == [one in digests for one in (asked, *near)]
    assert b"short" not in held and "words" not in held


def test_a_worker_holds_a_list_packed(tmp_path: Path) -> None:
    """Every worker holds it: that must not matter."""
    path, rng = tmp_path / "list.txt", random.Random(4)
    with path.open("w", encoding="ascii") as file:
        for _ in range(10_000):
            file.write(f"{rng.getrandbits(128):032x}\n{rng.getrandbits(256):064x}\npdq {rng.getrandbits(256):064x}\n")
    tracemalloc.start()
    try:
        held = ListFile(path)
        gc.collect()
        bytes_each = tracemalloc.get_traced_memory()[0] / len(held)
    finally:
        tracemalloc.stop()
    assert len(held) == 30_000 and bytes_each < 70, bytes_each


def test_a_changed_list_counts_at_once_and_a_broken_one_is_no_no(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"sha256 {sha_of('one')}\n")
    held = ListFile(path)
    assert not held.holds([_digests("another one")])
    path.write_text(f"sha256 {sha_of('one')}\nsha256 {sha_of('another one')}\n")
    assert held.holds([_digests("another one")])
    path.write_text("nonsense\n")
    with pytest.raises(ListUnavailable):
        held.holds([_digests("another one")])
    path.unlink()
    with pytest.raises(ListUnavailable):
        held.holds([_digests("another one")])


@pytest.mark.parametrize("text", ["", "# only words\n", "abc\n", f"pdq {MD5}\n", f"md5 {'0' * 64}\n", "0" * 63])
def test_a_list_that_cannot_be_read_says_which_line_and_not_what_stands_there(text: str) -> None:
    with pytest.raises(ListRefused) as refusal:
        read(text.splitlines())
    assert text.strip() == "" or text.split()[-1] not in str(refusal.value)


def test_the_service_hears_digests_and_nothing_else(service: Any) -> None:
    url, made = service
    assert Endpoint(url, "word").holds([_digests("other")]) is False
    asked = made.asked[0]
    assert set(asked["body"]) == {"media"}
    assert set(asked["body"]["media"][0]) == {"md5", "sha256", "pdq"}
    assert asked["headers"]["Authorization"] == "Bearer word"


@pytest.mark.parametrize("said", [b"no", b"[]", b'{"known": "no"}', b'{"hit": false}'])
def test_an_answer_that_is_none_is_no_no(service: Any, said: bytes) -> None:
    url, made = service
    made.said = said
    with pytest.raises(ListUnavailable):
        Endpoint(url).holds([_digests("other")])


def test_a_service_that_is_away_is_no_no() -> None:
    with pytest.raises(ListUnavailable):
        Endpoint("http://127.0.0.1:9/known").holds([_digests("other")])


@pytest.mark.parametrize("url", ["http://lists.example/known", "ftp://x.example/", "https://", "https://[::1"])
def test_a_service_is_asked_over_https_only(url: str) -> None:
    with pytest.raises(ListRefused):
        Endpoint(url)


def test_it_is_off_unless_it_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known.forget_cache()
    assert known.configured() is None
    monkeypatch.setenv("EFFACE_CHILD_LIST", str(tmp_path / "none.txt"))
    with pytest.raises(ListRefused):
        known.configured()
    (tmp_path / "none.txt").write_text(f"{MD5}\n")
    assert isinstance(known.configured(), ListFile)
    monkeypatch.setenv("EFFACE_CHILD_LIST", "file:///etc/list")
    with pytest.raises(ListRefused):
        known.configured()
    known.forget_cache()
    assert "child_list" in settings.BY_NAME


SAYS = [
    ("16yo naked here. And another one, 15 years old, nudes", ["en.age"]),
    ("Nude preteens. Aged 14, explicit.", ["en.age", "en.young"]),
    ("Nacktfotos, 15 Jahre alt. Sie ist 14 Jahre jung, nackt", ["de.age"]),
    ("desnuda, 15 años. Otra desnuda de 14 añitos", ["es.age"]),
]
SAYS_NOT = [
    "",
    "16yo naked here, once",
    "18 years old nude. 19 years old naked. 25 yo xxx",
    "My car is 15 years old. The other one is 12 years old.",
    "No underage nudes here. Not 16 years old, nude or not. Nobody under 17 years old naked.",
    "A 16-year-old girl's nude photos were shared: police arrested a man. The victim is 15 years old, nude, court said",
    "Report underage nudes: our policy forbids it. Help for survivors, 15 years old and nude pictures shared: helpline",
    "porn " * 50 + "video is 12 years old " + "word " * 50 + "since 10 years old",
]


@pytest.mark.parametrize(("text", "ids"), SAYS)
def test_two_declarations_beside_what_makes_them_so_are_an_alarm(text: str, ids: list[str]) -> None:
    assert terms.found(text, OURS) == ids


@pytest.mark.parametrize("text", SAYS_NOT)
def test_one_place_adults_news_and_house_rules_are_none(text: str) -> None:
    assert terms.found(text, OURS) == []


def test_an_operators_phrases_count_plain_or_as_digests(tmp_path: Path) -> None:
    path = tmp_path / "terms.yaml"
    path.write_text(
        f"- paper lantern meadow\n- sha256: {terms.digest('Quiet, WINDOW!')}\n- phrase: amber tram\n  alone: true\n"
    )
    own = terms.read(str(path))
    assert terms.found("The paper lantern meadow.", own) == []
    assert terms.found("paper-lantern MEADOW and a quiet window", own) == ["own.1", "own.2"]
    assert terms.found("the amber tram", own) == ["own.3"]


@pytest.mark.parametrize(
    "text",
    ["", "word", "- [a]", "- sha256: abc", "- phrase: one two three four five", "- phrase: a\n  sha256: b",
     "- phrase: a\n  alone: maybe", "- what: x", "{", "- ''"],
)  # fmt: skip
def test_a_file_of_terms_that_will_not_do_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "terms.yaml"
    path.write_text(text)
    with pytest.raises(ListRefused, match="child_terms"):
        terms.read(str(path))
    with pytest.raises(ListRefused):
        terms.read(str(tmp_path / "none"))


def _scan(text: str, *pictures: Picture) -> Scan:
    facts = FetchFacts("http://x.example/", status=200)
    ref = MediaRef("http://x.example/a.jpg")
    return Scan(facts, "", text, media=[ScannedMedia(ref, facts, one) for one in pictures])


def test_a_page_without_media_is_no_alarm_whatever_it_says() -> None:
    text = SAYS[0][0]
    assert Suspicion(None, OURS).of(_scan(text)) is None
    found = Suspicion(None, OURS).of(_scan(text, Picture(sha_of("a"))))
    assert found is not None
    assert (found.how, found.reasons) == ("terms", ("en.age",))


def test_a_hash_of_low_quality_is_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text(f"pdq {pdq_of('flat')[0]}\n")
    held = Suspicion(ListFile(path), OURS)
    flat = Picture(sha_of("x"), pdq=pdq_of("flat"), pdq_quality=20)
    assert held.of(_scan("", flat)) is None
    found = held.of(_scan("", Picture(sha_of("x"), pdq=pdq_of("flat"), pdq_quality=80)))
    assert found is not None
    assert (found.how, found.reasons) == ("list", ("list-file",))


def test_hotlines_are_those_of_the_place_and_then_the_one_that_finds_others() -> None:
    names = [one.name for one in hotlines.of_places(load(), ["gb", "", "BR"])]
    assert names.index("Internet Watch Foundation") < names.index("SaferNet Brasil")
    assert names[-1] == "INHOPE"
    assert len(set(names)) == len(names)
    assert "Report Remove (Childline and IWF)" not in names and "Childline" not in names and "IWF" not in names
    assert [one.name for one in hotlines.of_places(load(), [])] == ["INHOPE"]
