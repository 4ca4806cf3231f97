"""llama.cpp's own server as a peer: started, asked over HTTP, and gone at the end."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

from lsp_experts.errors import ExpertsError

_START_S, _END_S = 120.0, 5.0
_ANSWER_S = 300.0  # 256 lines are some 3000 tokens: half a minute on two quiet cores
_QUIET_S, _POLL_S = 10.0, 0.1


def is_installed() -> bool:
    """Whether `peer_server` can start one."""
    return importlib.util.find_spec("xllamacpp") is not None


class PeerServer:
    """A running server. A request whose caller is cancelled is given up by closing its connection."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = httpx2.AsyncClient(base_url=address, timeout=_ANSWER_S, trust_env=False)

    async def infill(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to `POST /infill`. ExpertsError if it is refused or the server is gone."""
        try:
            answer = await self._client.post("/infill", json=dict(request), headers={"Connection": "close"})
            answer.raise_for_status()
        except httpx2.HTTPError as error:
            raise ExpertsError(f"llama.cpp's server does not answer: {type(error).__name__}: {error}") from None
        found = answer.json()
        return found if isinstance(found, dict) else {}

    async def quiet(self) -> None:
        """Wait until no slot computes, at most some seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_QUIET_S):
                while any(slot.get("is_processing") for slot in (await self._client.get("/slots")).json()):  # noqa: ASYNC110
                    await asyncio.sleep(_POLL_S)  # it is another process

    async def prompt_tokens(self) -> int:
        """Prompt tokens that it decoded since its start, by its own count; only with slots."""
        counts = (await self._client.get("/metrics")).text.splitlines()
        return next(int(float(line.split()[-1])) for line in counts if line.startswith("llamacpp:prompt_tokens_total"))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


@asynccontextmanager
async def peer_server(model: Path, threads: int, *, slots: int = 0) -> AsyncIterator[PeerServer]:
    """llama.cpp's server with `model` on a loopback port: for one user, or with `slots` for a team.

    ExpertsError with its last words if it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "lsp_experts.lab.peer_process", str(model), str(threads), str(slots),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "OMP_WAIT_POLICY": "passive"},
    )  # fmt: skip
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise ExpertsError("llama.cpp's server was not started.")
    words: deque[str] = deque(maxlen=20)
    drain = asyncio.create_task(_drain(process.stderr, words))
    try:
        address = await _address(process.stdout)
        if not address:
            raise ExpertsError(
                f"llama.cpp's server does not start with {model.name}: {' | '.join(words) or 'no word'}."
            )
        server = PeerServer(address)
        try:
            yield server
        finally:
            await server.close()
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        await drain


async def _address(stream: asyncio.StreamReader) -> str:
    with suppress(TimeoutError):
        return (await asyncio.wait_for(stream.readline(), _START_S)).decode("utf-8", "replace").strip()
    return ""


async def _drain(stream: asyncio.StreamReader, words: deque[str]) -> None:
    with suppress(ValueError):  # a line over the reader's limit
        while line := await stream.readline():
            words.append(line.decode("utf-8", "replace").rstrip())
