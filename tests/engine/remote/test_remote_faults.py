"""A host that answers badly: each fault has its name, nothing of the request is told, and the host is left alone."""

from __future__ import annotations

import logging

import pytest
from engine.remote.asking import engine_at, request, result

from lsp_experts.errors import RemoteFailed
from lsp_experts.lab.faults.bad_remote import BadRemote
from lsp_experts.lab.faults.remote_replies import FAULTS

KEY, SECRET_TEXT = "sk-0123456789", "the_prompt_itself"


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", FAULTS)
async def test_each_fault_is_named_and_followed_by_a_rest(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reply, reason = FAULTS[fault]
    async with (
        BadRemote.serving(reply) as remote,
        engine_at(
            remote.endpoint,
            limit_ms=100 if reason == "too late" else 60_000,
            clock=lambda: 1000.0,
            key_variable="TEAM_KEY",
            environment={"TEAM_KEY": KEY},
        ) as engine,
    ):
        asked = request(head=SECRET_TEXT)
        with pytest.raises(RemoteFailed) as raised:
            await result(engine.complete(asked))
        error, health = raised.value, engine.health
        assert error.reason == reason == health.reason
        assert health.state == ("late" if reason == "too late" else "resting") and health.rest_until > 1000
        call = engine.complete(asked)
        assert call.ended and remote.connections <= 1, "nothing is sent while it rests"
        with pytest.raises(RemoteFailed, match="not asked for a while"):
            await call.result()
        told = f"{error!r} {error} {health!r} {engine!r} {caplog.text}"
        assert not [secret for secret in (KEY, SECRET_TEXT, "Sign in") if secret in told]


@pytest.mark.asyncio
async def test_a_host_that_is_not_there() -> None:
    async with BadRemote.serving(FAULTS["500"][0]) as gone:
        endpoint = gone.endpoint
    async with engine_at(endpoint) as engine:
        with pytest.raises(RemoteFailed) as raised:
            await result(engine.complete(request()))
        assert raised.value.reason == "unreachable"


@pytest.mark.asyncio
async def test_retry_after_is_honoured() -> None:
    async with BadRemote.serving(FAULTS["429"][0]) as remote, engine_at(remote.endpoint, clock=lambda: 7.0) as engine:
        with pytest.raises(RemoteFailed) as raised:
            await result(engine.complete(request()))
        assert raised.value.retry_after_s == 120 and engine.health.rest_until == 127
