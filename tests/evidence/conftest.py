from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from efface.evidence import fetching
from testbed.servers.tsa import Authority
from tests.casework import ScriptedFetcher
from tests.conftest import NOON


@pytest.fixture
def fetcher(monkeypatch: pytest.MonkeyPatch) -> ScriptedFetcher:
    one = ScriptedFetcher()
    monkeypatch.setattr(fetching, "fetcher", lambda: one)
    monkeypatch.setattr(fetching, "PATIENCE_S", 0.0)
    return one


class Tsa:
    """A time-stamp authority on loopback. ``mend`` changes its answers."""

    def __init__(self) -> None:
        self.authority = Authority(NOON)
        self.mend: Any = lambda answer: answer
        self.url = ""


@pytest.fixture
def tsa(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Tsa]:
    one = Tsa()

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = one.mend(one.authority.answer(body, NOON))
            if isinstance(answer, str):
                self.send_response(302)
                self.send_header("Location", answer)
                self.end_headers()
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    one.authority.write(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    one.url = f"http://127.0.0.1:{server.server_port}/tsa"
    monkeypatch.setenv("EFFACE_TSA_URL", one.url)
    monkeypatch.setenv("EFFACE_TSA_CERTIFICATE", str(tmp_path / "tsa-chain.pem"))
    yield one
    server.shutdown()
    thread.join()
    server.server_close()
