"""When a host is asked again after it failed. Pure."""

from __future__ import annotations

from lsp_experts.engine.remote.health import Health, abandoned, answered, asked, failed, may_ask
from lsp_experts.errors import RemoteFailed


def error(reason: str, retry_after_s: float = 0.0) -> RemoteFailed:
    return RemoteFailed(reason, "It failed.", remedy="Mend it.", retry_after_s=retry_after_s)


def test_pauses_grow_to_a_minute_and_an_answer_ends_them() -> None:
    health, now, pauses = Health(), 1000.0, []
    for _ in range(9):
        health = failed(asked(health), error("server error"), now)
        pauses.append(health.rest_until - now)
        now = health.rest_until
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert answered() == Health("prompt") and may_ask(answered(), now)


def test_while_it_rests_nobody_asks_and_then_one_at_a_time() -> None:
    health = failed(Health(), error("unreachable"), 10.0)
    assert (health.state, health.reason, health.remedy) == ("resting", "unreachable", "Mend it.")
    assert not may_ask(health, 10.9) and may_ask(health, 11.0)
    probing = asked(health)
    assert not may_ask(probing, 11.0)
    assert may_ask(abandoned(probing), 11.0), "a probe that was cancelled told nothing"


def test_late_is_said_so() -> None:
    assert failed(Health(), error("too late"), 0.0).state == "late"


def test_what_the_user_must_mend_and_what_the_host_asks_for() -> None:
    for reason in ("key refused", "not found", "untrusted"):
        assert failed(Health(), error(reason), 0.0).rest_until == 60
    assert failed(Health(), error("too many requests", 120.0), 0.0).rest_until == 120
    assert failed(Health(), error("too many requests", 1e9), 0.0).rest_until == 600
    assert failed(Health(), error("too many requests", 0.1), 0.0).rest_until == 1


def test_requests_that_were_under_way_prolong_no_rest() -> None:
    health = failed(Health(), error("server error"), 0.0)
    assert failed(health, error("too late"), 0.5) == health
