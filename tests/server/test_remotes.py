"""Which hosts the user named: what he takes back counts at once, and a file that cannot be read names nobody."""

from __future__ import annotations

from pathlib import Path

from lsp_experts.registry.named_hosts import forget_host, name_host
from lsp_experts.server.remotes import Named


def test_what_is_named_and_taken_back_counts_at_once(tmp_path: Path) -> None:
    told: list[str] = []
    file = tmp_path / "hosts.txt"
    named = Named(file, told.append)
    assert named() == frozenset()
    name_host(file, "a.example")
    assert named() == {"a.example"}
    name_host(file, "b.example")
    assert named() == {"a.example", "b.example"}
    forget_host(file, "a.example")
    assert named() == {"b.example"}
    file.unlink()
    assert named() == frozenset() and told == []


def test_a_file_that_cannot_be_read_is_told_once_and_names_nobody(tmp_path: Path) -> None:
    told: list[str] = []
    file = tmp_path / "hosts.txt"
    name_host(file, "a.example")
    named = Named(file, told.append)
    assert named() == {"a.example"}
    file.write_bytes(b"\xff\xfe")
    assert [named() for _ in range(3)] == [frozenset()] * 3
    (sentence,) = told
    assert "hosts.txt cannot be read" in sentence and "no code leaves this machine" in sentence
