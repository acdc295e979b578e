"""Connections to our own processes are used again, and never one that leads nowhere."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from efface.net import connections, frames


class Answers:
    """A server that answers each message with its own name; ``accepted`` counts connections."""

    def __init__(self, path: Path, name: str) -> None:
        self.name, self.accepted = name, 0
        self._streams: list[socket.socket] = []
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._streams.append(stream)
            threading.Thread(target=self._talk, args=(stream,), daemon=True).start()

    def _talk(self, stream: socket.socket) -> None:
        try:
            while True:
                frames.receive(stream)
                stream.sendall(frames.pack(self.name))
        except OSError:
            stream.close()

    def end(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for stream in self._streams:
            stream.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[str], Answers]]:
    made: list[Answers] = []

    def start(name: str) -> Answers:
        made.append(Answers(tmp_path / "s", name))
        return made[-1]

    connections.forget()
    yield start
    connections.forget()


def _ask(path: Path) -> str:
    with connections.to(str(path), 5.0) as stream:
        stream.sendall(frames.pack("?"))
        return str(frames.receive(stream))


def test_the_next_question_takes_the_same_connection(serve: Callable[[str], Answers], tmp_path: Path) -> None:
    server = serve("one")
    assert [_ask(tmp_path / "s") for _ in range(3)] == ["one"] * 3
    assert server.accepted == 1


def test_one_that_the_other_side_closed_is_not_asked(serve: Callable[[str], Answers], tmp_path: Path) -> None:
    server = serve("one")
    _ask(tmp_path / "s")
    server.end()
    with pytest.raises(OSError):
        _ask(tmp_path / "s")
    serve("two")
    assert _ask(tmp_path / "s") == "two"


def test_who_puts_a_socket_in_the_place_of_another_is_asked_at_once(
    serve: Callable[[str], Answers], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve("one")
    _ask(tmp_path / "s")
    serve("two")  # the first still answers whoever is connected to it
    assert _ask(tmp_path / "s") == "two"
    serve("three")
    monkeypatch.setattr(connections, "_name", lambda path: (0, 0))  # the guard broken
    connections.forget()
    _ask(tmp_path / "s")
    serve("four")
    assert _ask(tmp_path / "s") == "three"


def test_a_question_that_broke_off_leaves_no_connection_behind(
    serve: Callable[[str], Answers], tmp_path: Path
) -> None:
    server = serve("one")
    with pytest.raises(TimeoutError), connections.to(str(tmp_path / "s"), 5.0) as stream:
        stream.sendall(frames.pack("?"))
        raise TimeoutError  # its answer would be taken for that of the next question
    assert _ask(tmp_path / "s") == "one"
    assert server.accepted == 2


def test_something_said_unasked_or_long_ago_is_not_waited_on(
    serve: Callable[[str], Answers], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve("one")
    with connections.to(str(tmp_path / "s"), 5.0) as stream:
        stream.sendall(frames.pack("?"))
        frames.receive(stream)
        stream.sendall(frames.pack("and again"))
        stream.recv(1, socket.MSG_PEEK)  # an answer lies there when it is given back
    assert _ask(tmp_path / "s") == "one"
    assert server.accepted == 2
    monkeypatch.setattr(connections, "LONGEST_S", 0.0)
    _ask(tmp_path / "s")
    assert server.accepted == 3
