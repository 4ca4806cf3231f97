"""A whole carve by order: a size, one table or two, a narrower network; what the store and the user are told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import gguf
import pytest
from lab.carving.test_tied_tables import Q5_0, Q8_0, twice

from lsp_experts.cli import carve as carve_command
from lsp_experts.cli.main import parser
from lsp_experts.errors import CarveError, EngineError, UsageError
from lsp_experts.lab.carving.carve_job import Carved, CarveOrder, carve_expert
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths
from lsp_experts.registry.sources.fetched import Progress
from lsp_experts.registry.store import Store

GO = "package main\n\nfunc add(width int) string {\n\tif width == nil {\n\t\treturn color\n\t}\n\treturn err\n}\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "a.go").write_text(GO * 3)
    return folder


async def carved(base: Path, said: list[str], **order: Any) -> Carved:
    class Quiet(Progress):
        def start(self, label: str, total_bytes: int | None) -> None: ...
        def advance(self, bytes_done: int) -> None: ...
        def finish(self) -> None: ...

    paths = default_paths()
    async with open_engine(paths) as engine:
        carving = carve_expert(
            CarveOrder("tiny-carved", "go", base, "tiny", "", None, **order),
            engine,
            Store(paths.store),
            Quiet(),
            said.append,
        )
        return await asyncio.wait_for(carving, 120)


@pytest.mark.asyncio
async def test_a_size_is_kept_to_the_token(tmp_path: Path, workspace: Path) -> None:
    said: list[str] = []
    result = await carved(write_tiny_gguf(tmp_path / "base.gguf"), said, corpus=[workspace], tokens=350)
    assert result.kept_tokens == 350 and result.logit_difference == 0.0
    assert result.installed.provenance["kept_tokens"] == "350"
    assert "% of the corpus's" in said[-1]


@pytest.mark.asyncio
@pytest.mark.parametrize("both", [False, True])
async def test_one_table_serves_unless_both_are_wanted(tmp_path: Path, both: bool) -> None:
    result = await carved(twice(tmp_path, Q5_0, Q8_0), [], both_tables=both)
    names = {tensor.name for tensor in gguf.GGUFReader(result.installed.path).tensors}
    assert ("output.weight" in names) is both is not result.one_table
    assert (result.logit_difference == 0) is both
    assert result.installed.provenance["tables"] == ("both" if both else "one")


@pytest.mark.asyncio
async def test_a_narrower_network_is_measured_and_written(tmp_path: Path, workspace: Path) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf", n_ff=512, n_ctx=2048)
    result = await carved(base, [], corpus=[workspace], ffn_blocks=1)
    fields = gguf.GGUFReader(result.installed.path).fields
    assert fields["qwen2.feed_forward_length"].contents() == 256
    assert result.installed.provenance["ffn_blocks"] == "1" and result.logit_difference > 0


@pytest.mark.asyncio
@pytest.mark.parametrize(("order", "said"), [({"tokens": 100}, "cannot be left out"), ({"ffn_blocks": 1}, "cannot go")])
async def test_what_cannot_be_made_leaves_nothing(tmp_path: Path, order: dict[str, int], said: str) -> None:
    with pytest.raises(CarveError, match=said):
        await carved(write_tiny_gguf(tmp_path / "base.gguf"), [], **order)
    assert not list(default_paths().store.rglob("*.gguf"))


@pytest.mark.asyncio
async def test_a_corpus_without_code_of_the_language_carves_nothing(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.py").write_text("value = 1\n")
    with pytest.raises(CarveError, match="no code of go"):
        await carved(write_tiny_gguf(tmp_path / "base.gguf"), [], corpus=[tmp_path / "corpus"])
    assert not list(default_paths().store.rglob("*.gguf"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tokens", "0"], "leaves nothing"),
        (["--ffn-blocks", "1"], "needs a number"),
        (["--ffn-blocks", "-1"], "needs"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(options: list[str], said: str) -> None:
    given = vars(parser().parse_args(["carve", "--language", "go", *options]))
    given.pop("module")
    with pytest.raises(UsageError, match=said):
        carve_command.run(**given)


@pytest.mark.asyncio
@pytest.mark.parametrize("with_corpus", [False, True])
async def test_a_type_follows_the_cut(tmp_path: Path, workspace: Path, with_corpus: bool) -> None:
    said: list[str] = []
    base = write_tiny_gguf(tmp_path / "base.gguf", n_ctx=2048)
    result = await carved(base, said, file_type="Q8_0", **({"corpus": [workspace]} if with_corpus else {}))
    assert result.installed.provenance["file_type"] == "Q8_0"
    assert result.installed.size < 0.5 * base.stat().st_size
    with GgufFile(result.installed.path) as file:
        kinds = {tensor.kind for tensor in file.tensors if tensor.name.startswith("blk.0.ffn")}
        assert file.sha256() == result.installed.sha256
    assert Q8_0 in kinds and any("Q8_0" in line for line in said)
    assert not any("quantised already" in line for line in said)


@pytest.mark.asyncio
async def test_an_unknown_type_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="Q99"):
        await carved(write_tiny_gguf(tmp_path / "base.gguf"), [], file_type="Q99")
    assert not list(default_paths().store.rglob("*.gguf"))


@pytest.mark.asyncio
async def test_columns_and_a_type_are_not_cut_together(tmp_path: Path, workspace: Path) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf", n_ff=512, n_ctx=2048)
    with pytest.raises(CarveError, match="one at a time"):
        await carved(base, [], corpus=[workspace], ffn_blocks=1, file_type="Q8_0")
