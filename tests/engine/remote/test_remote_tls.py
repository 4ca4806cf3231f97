"""TLS: a host is known by its certificate, the user's own authority counts, and a proxy only passes it on."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from engine.remote.asking import engine_at, request, result

from lsp_experts.errors import RemoteFailed
from lsp_experts.lab.faults.remote_replies import STREAM, event

HOST = "models.example.org"
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "host.pem", folder / "key.pem"
    command = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={HOST}"
    command += f" -addext subjectAltName=DNS:{HOST} -out {made} -keyout {key}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return made, key


@dataclass
class Tunnel:
    """A proxy that is also what it leads to: `connects` as it hears it, `requests` inside of TLS."""

    port: int = 0
    connects: list[bytes] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def tunnel(certificate: tuple[Path, Path]) -> AsyncIterator[Tunnel]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    made = Tunnel()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            made.connects.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 go on\r\n\r\n")
            await writer.start_tls(context)
            made.requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(STREAM + event("x", finish_reason="stop"))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


@needs_openssl
@pytest.mark.asyncio
@pytest.mark.parametrize("known", [True, False])
async def test_a_named_host_behind_a_proxy(
    certificate: tuple[Path, Path], known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with tunnel(certificate) as proxy:
        for name in ("NO_PROXY", "no_proxy", "SSL_CERT_DIR", "SSL_CERT_FILE", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        if known:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        environment = {"TEAM_KEY": "secret"}
        async with engine_at(f"https://{HOST}/v1", key_variable="TEAM_KEY", environment=environment) as engine:
            call = engine.complete(request())
            if known:
                assert (await result(call)).text == "x"
                assert b"authorization: bearer secret" in proxy.requests[0].lower()
            else:
                with pytest.raises(RemoteFailed) as raised:
                    await result(call)
                assert raised.value.reason == "untrusted" and proxy.requests == []
        (connect,) = proxy.connects
        assert connect.startswith(f"CONNECT {HOST}:443 ".encode()) and b"secret" not in connect


@pytest.mark.asyncio
async def test_a_host_that_speaks_no_tls_is_not_trusted() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4096))
        writer.write(STREAM)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, engine_at(f"https://127.0.0.1:{port}/v1") as engine:
        with pytest.raises(RemoteFailed) as raised:
            await result(engine.complete(request()))
    assert raised.value.reason == "untrusted" and b"prompt" not in b"".join(heard)
