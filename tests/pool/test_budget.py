from __future__ import annotations

from pathlib import Path

import pytest

from lsp_experts.pool.budget import Memory, container_memory, default_budget_bytes, machine_memory, memory_now


@pytest.mark.parametrize(
    ("available", "least", "expected"),
    [
        pytest.param(1000, 0, 500, id="half of what is available"),
        pytest.param(1000, 800, 800, id="at least one expert"),
        pytest.param(0, 80, 80, id="nothing is left"),
    ],
)
def test_default_budget(available: int, least: int, expected: int) -> None:
    assert default_budget_bytes(least, lambda: Memory(available, 2000)) == expected


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        pytest.param(None, Memory(1000, 2000), id="no container"),
        pytest.param(Memory(600, 900), Memory(600, 900), id="the container is tighter"),
        pytest.param(Memory(6000, 9000), Memory(1000, 2000), id="the container is wider"),
        pytest.param(Memory(1200, 1500), Memory(1000, 1500), id="others took what it may have"),
    ],
)
def test_the_tighter_one_counts(container: Memory | None, expected: Memory) -> None:
    assert memory_now(lambda: Memory(1000, 2000), lambda: container) == expected


def test_this_machine_has_memory() -> None:
    assert 0 < machine_memory().available_bytes <= machine_memory().total_bytes
    assert default_budget_bytes() > 0


def check(tmp_path: Path, own: str, groups: dict[str, dict[str, str]], expected: Memory | None) -> None:
    for group, files in groups.items():
        folder = tmp_path / "cgroup" / group
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content)
    (tmp_path / "self").write_text(own)
    assert container_memory(tmp_path / "cgroup", tmp_path / "self") == expected


@pytest.mark.parametrize(
    ("own", "groups", "expected"),
    [
        pytest.param(
            "0::/a/b\n", {"a/b": {"memory.max": "100\n", "memory.current": "30\n"}}, Memory(70, 100), id="own group"
        ),
        pytest.param("0::/a/b\n", {"a/b": {"memory.max": "max\n", "memory.current": "30\n"}}, None, id="no limit"),
        pytest.param(
            "1:cpu:/x\n0::/a/b\n",
            {"a/b": {"memory.max": "100", "memory.current": "10"}, "a": {"memory.max": "90", "memory.current": "40"}},
            Memory(50, 90),
            id="a group above is tighter",
        ),
        pytest.param(
            "0::/\n", {"": {"memory.max": "100", "memory.current": "130"}}, Memory(0, 100), id="over the limit"
        ),
        pytest.param(
            "0::/host\n", {"": {"memory.max": "100", "memory.current": "30"}}, Memory(70, 100), id="the host's path"
        ),
        pytest.param(
            "0::/../x\n",
            {"": {"memory.max": "100", "memory.current": "30"}},
            Memory(70, 100),
            id="path above the root",
        ),
        pytest.param(
            "0::/\n",
            {
                "": {
                    "memory.max": "100",
                    "memory.current": "90",
                    "memory.stat": "anon 1\nfile 60\ninactive_anon 3\ninactive_file 40\nactive_file 20\n",
                }
            },
            Memory(70, 100),
            id="reclaimable file pages are free",
        ),
        pytest.param("4:memory:/x\n", {}, None, id="cgroup v1"),
        pytest.param("0::/\n", {}, None, id="no files"),
        pytest.param("0::/\n", {"": {"memory.max": "100"}}, None, id="half of the files"),
    ],
)
def test_container(tmp_path: Path, own: str, groups: dict[str, dict[str, str]], expected: Memory | None) -> None:
    check(tmp_path, own, groups, expected)


def test_no_cgroup_file(tmp_path: Path) -> None:
    assert container_memory(tmp_path, tmp_path / "absent") is None
