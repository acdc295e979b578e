"""The web process: portal and console, served by waitress."""

from __future__ import annotations

import socket
import threading

from efface.engine.run import common, proxy

THREADS = 6


def main() -> None:
    common.begin("web")
    import waitress
    from django.core.wsgi import get_wsgi_application

    from efface.engine.base import settings

    listener = socket.create_server((settings.get("web_host"), settings.get("web_port")))
    (settings.run_folder() / "web-port").write_text(str(listener.getsockname()[1]), encoding="ascii")
    application = proxy.behind(get_wsgi_application(), settings.get("trusted_proxy"), proxy.note_file())
    server = waitress.create_server(
        application, sockets=[listener], threads=THREADS, ident=None, max_request_body_size=60_000_000,
        # Request bodies stay in memory: an uploaded picture never touches a disk.
        inbuf_overflow=64_000_000, outbuf_overflow=64_000_000, clear_untrusted_proxy_headers=False,
    )  # fmt: skip
    threading.Thread(target=server.run, daemon=True).start()
    common.ready()
    common.stopping.wait()
    server.close()


if __name__ == "__main__":
    main()
