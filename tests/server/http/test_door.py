"""Who may come in: the token, the address, and no pages of a browser."""

from __future__ import annotations

import pytest

from lsp_experts.server.http.door import Door
from lsp_experts.server.http.message import Request
from lsp_experts.server.http.refusal import Refusal

DOOR = Door(port=2087, token="t" * 43, token_path="/state/http-token")
HOST = "127.0.0.1:2087"


def refusal(check: object, twice: frozenset[str] = frozenset(), **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        check(Request("POST", "/v1/completions", named, twice))  # type: ignore[operator]
    except Refusal as error:
        return error.status
    return 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (HOST, 200),
        ("localhost:2087", 200),
        ("LOCALHOST:2087", 200),
        ("[::1]:2087", 200),
        ("127.0.0.1", 421),
        ("127.0.0.1:2088", 421),
        ("evil.example:2087", 421),
        ("127.0.0.1.evil.example:2087", 421),
        ("localhost:2087@evil.example", 421),
        ("192.168.0.2:2087", 421),
        ("", 421),
    ],
)
def test_only_this_address_is_answered(host: str, status: int) -> None:
    assert refusal(DOOR.check_caller, host=host) == status


def test_the_standard_port_need_not_be_named() -> None:
    assert refusal(Door(80, "", "").check_caller, host="localhost") == 200


def test_two_hosts_are_none() -> None:
    assert refusal(DOOR.check_caller, frozenset({"host"})) == 421
    assert refusal(DOOR.check_caller, frozenset({"host"}), host=HOST) == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:2087", "", "vscode-file://app"])
def test_pages_are_refused(origin: str) -> None:
    assert refusal(DOOR.check_caller, host=HOST, origin=origin) == 403
    assert refusal(DOOR.check_caller, frozenset({"origin"}), host=HOST) == 403
    assert refusal(DOOR.check_caller, host=HOST, sec_fetch_site="cross-site") == 403


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer " + "t" * 43, 200),
        ("bearer   " + "t" * 43, 200),
        ("Bearer " + "t" * 42, 401),
        ("Bearer " + "t" * 44, 401),
        ("Bearer", 401),
        ("Bearer é", 401),
        ("Basic " + "t" * 43, 401),
        ("t" * 43, 401),
    ],
)
def test_the_token(authorization: str, status: int) -> None:
    assert refusal(DOOR.check_token, authorization=authorization) == status


def test_without_a_token_the_answer_says_where_it_lies() -> None:
    with pytest.raises(Refusal, match="/state/http-token") as found:
        DOOR.check_token(Request("GET", "/", {}))
    assert found.value.headers == (("WWW-Authenticate", "Bearer"),)
    assert DOOR.token not in str(found.value)
