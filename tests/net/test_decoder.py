"""A hostile picture costs itself: the others of its batch are answered, the sandbox can do nothing, nothing is kept."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from efface.net.bundle import BundleError
from efface.net.decoder import Decoder, DecoderError, bpf, seal, work, zygote
from efface.net.decoder.client import _checked, _Child
from efface.net.protocol import FetchFacts, Limits, Picture, ProtocolError, Want, to_wire
from efface.vision import pdq
from tests.vision.test_pdq import scene
from tests.vision.test_pictures import encoded, enormous_png


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder() as made:
        yield made


def test_the_decoder_is_sealed_here(decoder: Decoder) -> None:
    state = decoder.state()
    assert state["on"], state["reason"]
    assert state["seccomp"]
    assert not state["faces"]
    assert state["uid"] == (65534 if os.geteuid() == 0 else os.geteuid())


def test_a_picture_becomes_fingerprints(decoder: Decoder) -> None:
    data = encoded("JPEG")
    (decoded,) = decoder.decode_pictures([data])
    picture = decoded.picture
    assert picture.sha256 == pdq.sha256(data)
    assert picture.md5 == pdq.md5(data)
    assert (picture.size, picture.width, picture.height, picture.mime) == (len(data), 640, 480, "image/jpeg")
    assert pdq.distance(picture.pdq[0], pdq.fingerprint(scene(1))[0][0]) <= 14
    assert picture.pdq_quality > 50
    assert not picture.error


def test_hostile_pictures_have_their_reason_and_the_others_their_answer(decoder: Decoder) -> None:
    good = encoded("PNG")
    batch = {
        "empty": b"",
        "text": b"<html>no picture</html>",
        "corrupt": b"\xff\xd8\xff" + b"rubbish" * 100,
        "truncated": good[: len(good) // 2],
        "enormous": enormous_png(13_000, 13_000),
        "wide": encoded("PNG", Image.fromarray(np.zeros((16, 60_000, 3), np.uint8))),
        "dot": encoded("PNG", Image.new("RGB", (1, 1))),
        "polyglot": encoded("GIF") + b"<script>alert(1)</script>PK\x03\x04",
        "cmyk": encoded("JPEG", Image.fromarray(scene(1)).convert("CMYK")),
        "sixteen": encoded("PNG", Image.fromarray(np.asarray(Image.fromarray(scene(1)).convert("L"), np.uint16) * 257)),
        "good": good,
    }
    answers = dict(zip(batch, decoder.decode_pictures(list(batch.values())), strict=True))
    errors = {name: decoded.picture.error for name, decoded in answers.items()}
    assert errors == {
        "empty": "unknown-format",
        "text": "unknown-format",
        "corrupt": "corrupt",
        "truncated": "corrupt",
        "enormous": "too-many-pixels",
        "wide": "",
        "dot": "",
        "polyglot": "",
        "cmyk": "",
        "sixteen": "",
        "good": "",
    }
    assert answers["dot"].picture.pdq == []
    assert len(answers["cmyk"].picture.pdq) == 8
    assert answers["good"].picture.sha256 == pdq.sha256(good)


def test_many_threads_share_one_decoder(decoder: Decoder) -> None:
    results: list[list[str]] = []
    pictures = [encoded("JPEG", Image.fromarray(scene(seed, 200, 150))) for seed in range(4)]

    def ask() -> None:
        results.append([item.picture.sha256 for item in decoder.decode_pictures(pictures)])

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[pdq.sha256(data) for data in pictures]] * 6


class TestBadChildren:
    """The zygote's child replaced by one that misbehaves on certain pictures."""

    def answers(self, monkeypatch: pytest.MonkeyPatch, bad: Callable[[], None], seconds: float = 5.0) -> list[Any]:
        real = work.picture

        def picture(data: bytes, engine: Any, want: Want, copies: Any = None) -> Any:
            if data == b"bad":
                bad()
            return real(data, engine, want, copies)

        monkeypatch.setattr(work, "picture", picture)
        with forked(monkeypatch, seconds) as decoder:
            good = encoded("PNG", Image.fromarray(scene(1, 64, 64)))
            return decoder.decode_pictures([good, b"bad", good, b"bad", good])

    def test_one_that_crashes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def crash() -> None:
            import ctypes

            ctypes.string_at(0)

        answers = self.answers(monkeypatch, crash)
        assert [item.picture.error for item in answers] == ["", "crashed", "", "crashed", ""]
        assert answers[1].picture.sha256 == pdq.sha256(b"bad")

    def test_one_that_never_ends(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def spin() -> None:
            while True:
                pass

        start = time.monotonic()
        answers = self.answers(monkeypatch, spin, 0.6)
        assert [item.picture.error for item in answers] == ["", "timeout", "", "timeout", ""]
        assert time.monotonic() - start < 8

    def test_one_that_eats_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def eat() -> None:
            held = [bytearray(1 << 26) for _ in range(1000)]
            raise AssertionError(len(held))

        answers = self.answers(monkeypatch, eat)
        assert [item.picture.error for item in answers] == ["", "crashed", "", "crashed", ""]


class forked:
    """A ``Decoder`` whose zygote is a fork of this process, so that a test can change what its children do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.monkeypatch = monkeypatch
        self.seconds = seconds

    def __enter__(self) -> Decoder:
        def start(decoder: Decoder) -> None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            child = os.fork()
            if child == 0:
                ours.close()
                signal.alarm(60)
                limit = seal.address_space() + (300 << 20)
                try:
                    zygote.Zygote(theirs, None, limit, 0).run()
                finally:
                    os._exit(0)
            theirs.close()
            ours.settimeout(10)
            self.child = child
            decoder._control = ours
            decoder._state = {"on": True, "reason": ""}

        self.monkeypatch.setattr(Decoder, "_start", start)
        self.decoder = Decoder(picture_s=self.seconds)
        return self.decoder

    def __exit__(self, *_: object) -> None:
        self.decoder.close()
        os.waitpid(self.child, 0)


def in_a_child(act: Callable[[], Any], sealing: Callable[[int], None] | None = None) -> Any:
    """What ``act`` returns in a forked, sealed child, or the status of its end."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        answer: Any = None
        try:
            (sealing or (lambda keep: seal.seal(keep, seal.address_space() + (300 << 20), 0)))(writer)
            answer = act()
        except BaseException as error:
            answer = f"{type(error).__name__}"
        finally:
            os.write(writer, json.dumps(answer).encode())
            os._exit(0)
    os.close(writer)
    data = b""
    while select.select([reader], [], [], 20)[0] and (chunk := os.read(reader, 65536)):
        data += chunk
    os.close(reader)
    _, status = os.waitpid(child, 0)
    return json.loads(data) if data else status


def test_a_sealed_process_can_do_nothing() -> None:
    assert in_a_child(seal.attempts) == []


def test_the_proof_would_notice_a_missing_seal() -> None:
    done = in_a_child(seal.attempts, sealing=lambda keep: None)
    assert {"read a file", "list a folder", "TCP socket", "fork", "duplicate"} <= set(done)


def test_system_call_filter_alone_is_enough() -> None:
    from efface.net.process import PR_SET_NO_NEW_PRIVS, prctl

    def only_filter(keep: int) -> None:
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        bpf.confine()

    assert in_a_child(seal.attempts, only_filter) == []


def test_without_the_filter_decoding_is_off() -> None:
    ours, theirs = socket.socketpair()
    holes = zygote.Zygote(theirs, None, seal.address_space() + (300 << 20), 0, sealing=lambda *_: None).prove()
    assert "TCP socket" in holes
    ours.close()
    theirs.close()


def test_with_the_filter_nothing_is_found() -> None:
    assert work.rehearse(None) == []
    ours, theirs = socket.socketpair()
    assert zygote.Zygote(theirs, None, seal.address_space() + (600 << 20), 0).prove() == []
    ours.close()
    theirs.close()


def test_memory_may_not_become_executable() -> None:
    def executable() -> str:
        import mmap

        mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        return "done"

    assert in_a_child(executable) == "PermissionError"
    assert in_a_child(executable, sealing=lambda keep: None) == "done"


def test_descriptors_of_the_owner_are_closed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    handle = os.open(secret, os.O_RDONLY)

    def read() -> str:
        return os.read(handle, 10).decode()

    assert in_a_child(read) == "OSError"
    assert in_a_child(read, sealing=lambda keep: None) == "key"
    os.close(handle)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_well_formed(machine: str) -> None:
    code = bpf.program(machine)
    steps = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    assert len(steps) < 4096
    for at, (operation, yes, no, _) in enumerate(steps):
        if operation & 0x07 == 0x05:
            assert at + 1 + max(yes, no) < len(steps)
    assert steps[-1][:1] + steps[-1][3:] == (0x06, 0x00050001)


def run_filter(code: bytes, arch: int, number: int, third: int = 0) -> int:
    """The filter's answer, computed as the kernel does."""
    data = struct.pack("=IIQ6Q", number, arch, 0, 0, 0, third, 0, 0, 0)
    at, held = 0, 0
    while True:
        operation, yes, no, value = struct.unpack_from("=HBBI", code, 8 * at)
        at += 1
        if operation == 0x20:
            held = struct.unpack_from("=I", data, value)[0]
        elif operation == 0x06:
            return value
        else:
            hit = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[operation]
            at += yes if hit else no


@pytest.mark.parametrize(("machine", "arch"), [("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)])
def test_the_filter_says_no_to_everything_but_its_list(machine: str, arch: int) -> None:
    code = bpf.program(machine)
    column = 0 if machine == "x86_64" else 1
    allowed = {pair[column] for pair in bpf._ALLOWED.values()}
    memory = {pair[column] for pair in bpf._NOT_EXECUTABLE.values()}
    for number in range(600):
        answer = run_filter(code, arch, number)
        assert (answer == 0x7FFF0000) == (number in allowed | memory), number
    for number in memory:
        assert run_filter(code, arch, number, 4) == 0x00050001
    assert run_filter(code, arch, 435) == 0x00050000 | 38
    assert run_filter(code, 0x40000003, 0) == 0x80000000
    if machine == "x86_64":
        assert run_filter(code, arch, 0x40000000) == 0x80000000


def test_another_machine_has_no_filter() -> None:
    with pytest.raises(bpf.NoSeccomp):
        bpf.program("riscv64")


def test_a_killed_zygote_is_started_again() -> None:
    with Decoder() as decoder:
        assert decoder._process is not None
        decoder._process.kill()
        decoder._process.wait()
        answers = decoder.decode_pictures([encoded("PNG", Image.fromarray(scene(1, 64, 64)))])
        assert answers[0].picture.error == ""


def test_a_zygote_that_ends_before_it_forks_costs_no_picture(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, dead = Decoder._open, 1

    def open_one(self: Decoder) -> socket.socket:
        nonlocal dead
        if not dead:
            return real(self)
        dead -= 1
        ours, theirs = socket.socketpair()
        theirs.close()
        return ours

    monkeypatch.setattr(Decoder, "_open", open_one)
    monkeypatch.setattr("efface.net.decoder.client.IDLE_S", -1.0)  # no child that waits is used
    data = encoded("PNG", Image.fromarray(scene(1, 64, 64)))
    assert decoder.decode_pictures([data])[0].picture.error == ""
    dead = 2
    assert [item.picture.error for item in decoder.decode_pictures([data, data])] == ["crashed", ""]


@pytest.mark.parametrize(("jobs", "work", "children"), [(32, 30.0, 1), (2, 30.0, 3), (32, 0.0, 5)])
def test_a_child_is_not_used_until_it_breaks(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch, jobs: int, work: float, children: int
) -> None:
    real, opened = Decoder._open, []
    monkeypatch.setattr(Decoder, "_open", lambda self: opened.append(1) or real(self))
    monkeypatch.setattr("efface.net.decoder.client.IDLE_S", -1.0)
    monkeypatch.setattr("efface.net.decoder.client.MOST_JOBS", jobs)
    monkeypatch.setattr("efface.net.decoder.client.MOST_WORK_S", work)
    data = encoded("PNG", Image.fromarray(scene(1, 64, 64)))
    assert [item.picture.error for item in decoder.decode_pictures([data] * 5)] == [""] * 5
    assert len(opened) == children


def test_closed_is_closed() -> None:
    decoder = Decoder()
    decoder.close()
    assert not decoder.state()["on"]
    for use in (
        lambda: decoder.decode_pictures([b"x"]),
        lambda: decoder.decode_mail(b"x"),
        lambda: decoder.decode_page(FetchFacts("http://a.test/"), b"x", "", Limits()),
    ):
        with pytest.raises(DecoderError):
            use()


def test_a_zygote_that_cannot_start_is_off_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    decoder = Decoder()
    assert not decoder.state()["on"]
    assert decoder.state()["reason"]
    assert [item.picture.error for item in decoder.decode_pictures([b"x", b"y"])] == ["off", "off"]
    assert decoder.decode_mail(b"x").error == "off"
    assert decoder.decode_page(FetchFacts("http://a.test/"), b"x", "", Limits()) == "off"
    monkeypatch.undo()
    monkeypatch.setattr("efface.net.decoder.client.RETRY_S", 0.0)
    assert decoder.decode_pictures([b"x"])[0].picture.error == "unknown-format"
    assert decoder.state()["on"]
    decoder.close()


def test_the_zygote_ends_with_its_owner() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            decoder = Decoder()
            assert decoder._process is not None
            os.write(writer, str(decoder._process.pid).encode())
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.close(writer)
    os.waitpid(child, 0)
    pid = int(os.read(reader, 20))
    os.close(reader)
    for _ in range(100):
        if not _alive(pid):
            return
        time.sleep(0.05)
    pytest.fail("the zygote outlived its owner")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] not in "ZX"
    except (OSError, IndexError):
        return False


def test_a_child_is_not_believed() -> None:
    good = to_wire(work.picture(encoded("PNG"), None, Want.PLAIN))
    assert _checked(good, b"data", Want.PLAIN).picture.sha256 == pdq.sha256(b"data")
    for change in (
        {"pdq": ["x"] * 8},
        {"pdq": good["picture"]["pdq"][:3]},
        {"mime": "x" * 100},
        {"width": "1"},
        {"unknown": 1},
        {"sha256": "x"},
        {"clip": "!"},
        {"clip": "AAAA"},
        {"seconds": float("nan")},
    ):
        with pytest.raises(ProtocolError):
            _checked({**good, "picture": {**good["picture"], **change}}, b"data", Want.PLAIN)
    face = {"box": [0.0] * 4, "score": 1.0, "quality": 1.0, "px": 10, "embedding": [0.0] * 5000, "model": "m"}
    with pytest.raises(ProtocolError):
        _checked({**good, "faces": [face]}, b"data", Want.FACES)
    small = {**face, "embedding": [0.0] * 8}
    assert _checked({**good, "faces": [small]}, b"data", Want.PLAIN).faces == []
    assert len(_checked({**good, "faces": [small]}, b"data", Want.FACES).faces) == 1


def test_a_slow_page_costs_itself(decoder: Decoder) -> None:
    facts = FetchFacts("http://a.test/", "http://a.test/", 200)
    start = time.monotonic()
    nested = decoder.decode_page(facts, b"<div>" * 900_000, "", Limits())
    named = decoder.decode_page(facts, b"<a " + b" ".join(b"x%d=1" % i for i in range(200_000)) + b">", "", Limits())
    assert time.monotonic() - start < 6
    assert not isinstance(nested, str)
    assert not isinstance(named, str)
    assert nested.more
    assert named.more


class Engine:
    """Stands for the face engine: one face a picture, as it would be found in what it was given."""

    def analyse(self, rgb: Any) -> list[dict[str, Any]]:
        return [
            {"box": [0.1, 0.1, 0.5, 0.5], "score": 0.9, "quality": 0.8, "px": rgb.shape[1] // 2,
             "embedding": [0.6, 0.8], "model": "test", "sharp": 0.7, "turn": -0.1}
        ]  # fmt: skip


def test_faces_are_looked_for_only_when_asked() -> None:
    data = encoded("JPEG", Image.fromarray(scene(1)).resize((2560, 1920)))
    decoded = work.picture(data, Engine(), Want.FACES)
    assert decoded.picture.faces == 1
    assert abs(decoded.picture.face_px - 1280) <= 2
    assert decoded.faces[0].embedding == [0.6, 0.8]
    without = work.picture(data, Engine(), Want.PLAIN)
    assert (without.picture.faces, without.faces) == (0, [])
    assert work.picture(data, None, Want.FACES).faces == []


def test_an_answer_holds_no_pixels(decoder: Decoder) -> None:
    data = encoded("PNG")
    (decoded,) = decoder.decode_pictures([data])
    assert len(json.dumps(to_wire(decoded))) < 2000
    assert isinstance(decoded.picture, Picture)
    assert io.BytesIO(data).read(8) not in json.dumps(to_wire(decoded)).encode()


@pytest.mark.parametrize(
    "change", [{"picture": {"pdq": ["00"]}}, {"picture": {"clip": "AAAA"}}, {"picture": {}}, {"look": "AAAA"}]
)
def test_a_child_that_reads_a_bundle_is_not_believed_either(
    decoder: Decoder, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Child, "ask", lambda *_: {"items": [{"label": "a", "decoded": change}]})
    with pytest.raises(BundleError):
        decoder.decode_bundle(b"{}")
