"""WHOIS (RFC 3912) for suffixes whose registry has no RDAP."""

from __future__ import annotations

import asyncio

from testbed.servers.rdap import NO_RDAP
from testbed.state import State


def text(state: State, question: str) -> str:
    """The answer for one question line."""
    name = question.strip().lower().rpartition(" ")[2]
    site = state.by_host.get(name)
    if site is None or site.domain != name or name.rpartition(".")[2] not in NO_RDAP:
        return f'No match for "{name[:100]}".\r\n'
    registrar = state.world.registrar(site.registrar)
    lines = [
        f"Domain Name: {name.upper()}",
        f"Registrar: {registrar.name}",
        f"Registrar IANA ID: {registrar.iana_id}",
        f"Registrar Abuse Contact Email: {registrar.abuse}",
        "Registrar Abuse Contact Phone: +1.5550100",
        f"Domain Status: {'clientHold' if name in state.held else 'clientTransferProhibited'}",
        "Registrant Name: whois server: 127.0.0.1",
        f"Name Server: ns1.{state.world.provider(site.cdn or site.host).domain}",
        "DNSSEC: unsigned",
    ]
    return "\r\n".join(lines) + "\r\n"


async def listen(state: State, address: str, port: int) -> asyncio.Server:
    """Bind. Raises ``OSError`` when taken."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), 5)
            writer.write(text(state, line[:300].decode("utf-8", "replace")).encode())
            await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    return await asyncio.start_server(serve, address, port, limit=2048)
