"""Remote experts in a registry: which addresses are refused, and the hosts that the user named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.errors import RegistryError, StoreError, UsageError
from lsp_experts.registry.catalogue import load_registry
from lsp_experts.registry.endpoint import host_of, is_loopback, unsafe_endpoint
from lsp_experts.registry.entry import Domain, Remote
from lsp_experts.registry.named_hosts import forget_host, is_named, name_host, named_hosts

TEAM: dict[str, Any] = {
    "id": "team-go",
    "kind": "remote",
    "languages": ["go"],
    "licence": "Apache-2.0",
    "note": "a note",
    "fim": "qwen",
    "remote": {"endpoint": "https://models.example.org/v1", "model": "go", "server": "vllm", "key_variable": "KEY"},
}


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("https://models.example.org/v1", ""),
        ("https://models.example.org:8443/team/v1", ""),
        ("https://192.0.2.7/v1", ""),
        ("http://127.0.0.1:8080/v1", ""),
        ("http://[::1]:8080/v1", ""),
        ("http://localhost:11434/v1", ""),
        ("http://models.example.org/v1", "http leaves code readable"),
        ("http://127.0.0.1.example.org/v1", "http leaves code readable"),
        ("http://192.168.0.7:8080/v1", "http leaves code readable"),
        ("https://key@models.example.org/v1", "user name or password"),
        ("https://models.example.org/v1?key=x", "after ? or #"),
        ("https://models.example.org/v1#x", "after ? or #"),
        ("file:///etc/passwd", "only https and http"),
        ("models.example.org/v1", "only https and http"),
        ("https:///v1", "no usable host"),
        ("https://models.example.org:0/v1", "no usable host"),
        ("https://models.example.org:99999/v1", "not an address"),
        ("https://m\u00f6dels.example.org/v1", "percent-encoded"),
        ("https://models.example.org\\@evil.example/v1", "percent-encoded"),
    ],
)
def test_addresses(endpoint: str, words: str) -> None:
    problem = unsafe_endpoint(endpoint)
    assert words in problem and bool(words) == bool(problem)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("LOCALHOST", True),
     ("localhost.example.org", False), ("0.0.0.0", False), ("10.0.0.1", False), ("my-machine", False)],
)  # fmt: skip
def test_what_is_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    assert is_named(host, frozenset()) is loopback


def test_a_host_has_one_spelling() -> None:
    assert host_of("https://Models.Example.ORG.:8443/v1") == "models.example.org"


def loaded(folder: Path, entry: dict[str, Any]) -> Any:
    file = folder / "registry.json"
    file.write_text(json.dumps({"version": 1, "experts": [entry]}))
    return load_registry(file).get(entry["id"])


def test_an_entry(tmp_path: Path) -> None:
    entry = loaded(tmp_path, TEAM | {"domain": {"name": "htmx", "marks": ["hx-get="]}})
    assert entry.remote == Remote("https://models.example.org/v1", "go", "vllm", "KEY")
    assert entry.domain == Domain("htmx", marks=("hx-get=",))


@pytest.mark.parametrize(
    ("changes", "json_path", "words"),
    [
        ({"remote": None}, "$.experts[0].remote", "needs an endpoint"),
        ({"fim": None}, "$.experts[0].fim", "which template"),
        ({"fim": "auto"}, "$.experts[0].fim", "which template"),
        ({"kind": "model", "sources": [{"type": "file", "path": "/m.gguf"}]}, "$.experts[0].remote", "of kind remote"),
        ({"base": "team-go"}, "$.experts[0].base", "has no base"),
        ({"sources": [{"type": "file", "path": "/m.gguf"}]}, "$.experts[0].sources", "has no sources"),
        ({"keep_set": "go"}, "$.experts[0].keep_set", "only an expert of kind carved"),
        ({"languages": ["*"], "interpreter": True}, "$.experts[0].interpreter", "never pinned"),
        ({"remote": {"endpoint": "http://a.example/v1", "model": "m"}}, "$.experts[0].remote.endpoint", "readable"),
        ({"remote": {"endpoint": "https://a.example/v1"}}, "$.experts[0].remote.model", "missing"),
        ({"remote": {**TEAM["remote"], "server": "other"}}, "$.experts[0].remote.server", "one of llama-server"),
        ({"remote": {**TEAM["remote"], "key": "s3cret"}}, "$.experts[0].remote.key", "not known"),
        ({"domain": {"name": "htmx"}}, "$.experts[0].domain", "by which signs"),
        ({"domain": {"name": "htmx", "imports": []}}, "$.experts[0].domain.imports", "a list of 1 to 100"),
    ],
)  # fmt: skip
def test_bad_entries(tmp_path: Path, changes: dict[str, Any], json_path: str, words: str) -> None:
    entry = {name: value for name, value in (TEAM | changes).items() if value is not None}
    with pytest.raises(RegistryError) as caught:
        loaded(tmp_path, entry)
    assert caught.value.json_path == json_path
    assert words in str(caught.value)


def test_hosts_are_named_and_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "config" / "hosts.txt"
    assert named_hosts(file) == frozenset()
    name_host(file, "Models.example.org.")
    name_host(file, "192.0.2.7")
    assert named_hosts(file) == {"models.example.org", "192.0.2.7"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert is_named("models.example.org", named_hosts(file))
    assert forget_host(file, "MODELS.example.org") and not forget_host(file, "models.example.org")
    assert named_hosts(file) == {"192.0.2.7"}


@pytest.mark.parametrize("host", ["", "https://models.example.org", "a b", "host:8080", "../x", "a\nb"])
def test_what_is_no_host(tmp_path: Path, host: str) -> None:
    with pytest.raises(UsageError, match="is not a host"):
        name_host(tmp_path / "hosts.txt", host)
    assert not (tmp_path / "hosts.txt").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a" * (1 << 21)])
def test_a_file_that_cannot_be_read_names_nobody(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "hosts.txt"
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"hosts\.txt cannot be read"):
        named_hosts(file)


def test_comments_and_blank_lines(tmp_path: Path) -> None:
    file = tmp_path / "hosts.txt"
    file.write_text("# mine\n\nmodels.example.org  # the team's\n")
    assert named_hosts(file) == {"models.example.org"}
