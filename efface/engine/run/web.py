"""The web process: portal and console, served by waitress; while the installation is locked, one calm page."""

from __future__ import annotations

import gc
import socket
import threading
from typing import Any

from efface.engine.base import lockwatch
from efface.engine.run import common, locked_page, proxy

THREADS = 6


def main() -> None:
    common.settle_process()
    import waitress

    from efface.engine.base import settings

    locked = lockwatch.is_locked()
    if locked:
        application: Any = locked_page.application
    else:
        common.set_up("web")
        from django.core.wsgi import get_wsgi_application

        application = get_wsgi_application()
        # What was loaded by now stays: it is not looked through again while somebody waits for a page.
        gc.collect()
        gc.freeze()
    listener = socket.create_server((settings.get("web_host"), settings.get("web_port")))
    (settings.run_folder() / "web-port").write_text(str(listener.getsockname()[1]), encoding="ascii")
    application = proxy.behind(application, settings.get("trusted_proxy"), proxy.note_file())
    server = waitress.create_server(
        application, sockets=[listener], threads=THREADS, ident=None, max_request_body_size=60_000_000,
        # Request bodies stay in memory: an uploaded picture never touches a disk.
        inbuf_overflow=64_000_000, outbuf_overflow=64_000_000, clear_untrusted_proxy_headers=False,
    )  # fmt: skip
    threading.Thread(target=server.run, daemon=True).start()
    common.ready()
    while not common.stopping.wait(lockwatch.LOOK_S if locked else None):
        if not lockwatch.is_locked():
            break
    server.close()


if __name__ == "__main__":
    main()
