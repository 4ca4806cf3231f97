from __future__ import annotations

from pathlib import Path

import pytest

from lsp_experts.pool.budget import available_bytes, container_bytes, default_budget_bytes


@pytest.mark.parametrize(
    ("available", "container", "least", "expected"),
    [
        pytest.param(1000, None, 0, 500, id="half of what is available"),
        pytest.param(1000, 600, 0, 300, id="the container is tighter"),
        pytest.param(1000, 6000, 0, 500, id="the container is wider"),
        pytest.param(1000, 0, 80, 80, id="at least one expert"),
    ],
)
def test_default_budget(available: int, container: int | None, least: int, expected: int) -> None:
    assert default_budget_bytes(least, available=lambda: available, container=lambda: container) == expected


def test_this_machine_has_memory() -> None:
    assert available_bytes() > 0
    assert default_budget_bytes() > 0


def check(tmp_path: Path, own: str, groups: dict[str, dict[str, str]], expected: int | None) -> None:
    for group, files in groups.items():
        folder = tmp_path / "cgroup" / group
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content)
    (tmp_path / "self").write_text(own)
    assert container_bytes(tmp_path / "cgroup", tmp_path / "self") == expected


@pytest.mark.parametrize(
    ("own", "groups", "expected"),
    [
        pytest.param("0::/a/b\n", {"a/b": {"memory.max": "100\n", "memory.current": "30\n"}}, 70, id="own group"),
        pytest.param("0::/a/b\n", {"a/b": {"memory.max": "max\n", "memory.current": "30\n"}}, None, id="no limit"),
        pytest.param(
            "1:cpu:/x\n0::/a/b\n",
            {"a/b": {"memory.max": "100", "memory.current": "10"}, "a": {"memory.max": "90", "memory.current": "40"}},
            50,
            id="a group above is tighter",
        ),
        pytest.param("0::/\n", {"": {"memory.max": "100", "memory.current": "130"}}, 0, id="over the limit"),
        pytest.param("0::/host\n", {"": {"memory.max": "100", "memory.current": "30"}}, 70, id="the host's path"),
        pytest.param("0::/../x\n", {"": {"memory.max": "100", "memory.current": "30"}}, 70, id="path above the root"),
        pytest.param(
            "0::/\n",
            {"": {"memory.max": "100", "memory.current": "90", "memory.stat": "anon 1\ninactive_file 60\n"}},
            70,
            id="reclaimable file pages are free",
        ),
        pytest.param("4:memory:/x\n", {}, None, id="cgroup v1"),
        pytest.param("0::/\n", {}, None, id="no files"),
        pytest.param("0::/\n", {"": {"memory.max": "100"}}, None, id="half of the files"),
    ],
)
def test_container(tmp_path: Path, own: str, groups: dict[str, dict[str, str]], expected: int | None) -> None:
    check(tmp_path, own, groups, expected)


def test_no_cgroup_file(tmp_path: Path) -> None:
    assert container_bytes(tmp_path, tmp_path / "absent") is None
