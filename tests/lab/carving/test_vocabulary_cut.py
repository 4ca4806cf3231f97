"""The vocabulary cut: what stays, byte for byte, and that the engine sees no difference."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest

from lsp_experts.cli import carve as carve_command
from lsp_experts.errors import CarveError, StoreError, UsageError
from lsp_experts.lab.carving import carve_check, vocabulary_cut
from lsp_experts.lab.carving.carve_job import Carved, CarveOrder, carve_expert
from lsp_experts.lab.carving.keepset import KeepSet, decode, encode, load
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import COMMON_BELOW, Vocabulary, read_vocabulary
from lsp_experts.lab.open_engine import open_engine
from lsp_experts.lab.tiny_gguf import vocabulary as tiny_vocabulary
from lsp_experts.lab.tiny_gguf import write_tiny_gguf
from lsp_experts.paths import default_paths
from lsp_experts.registry.store import Store

ORIGIN = vocabulary_cut.Provenance("b" * 64, "tiny", "k" * 64, "go", "0.0")


class Quiet:
    """No progress shown."""

    def start(self, label: str, total_bytes: int | None) -> None: ...
    def advance(self, bytes_done: int) -> None: ...
    def finish(self) -> None: ...


def kept_names(vocabulary: Vocabulary, seen: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What a plan keeps for `seen` token texts, without the common ASCII that would keep nearly all of the tiny one."""
    monkeypatch.setattr(Vocabulary, "common_ascii", lambda self: np.array([], np.int64))
    ids = [vocabulary.tokens.index(text.encode()) for text in seen]
    return {vocabulary.tokens[i].decode() for i in vocabulary_cut.plan(vocabulary, None, ids)}


def cut(base: Path, target: Path, kept: Callable[[Vocabulary], np.ndarray] | None = None) -> tuple[np.ndarray, str]:
    """Carve `base` to `target`, by default to everything but a third of the merged words; (kept ids, hash)."""
    with GgufFile(base) as file:
        vocabulary = read_vocabulary(file)
        ids = kept(vocabulary) if kept else a_third_less(vocabulary)
        written = vocabulary_cut.write(file, vocabulary, ids, target, ORIGIN)
    assert written.size == target.stat().st_size
    return ids, written.sha256


def a_third_less(vocabulary: Vocabulary) -> np.ndarray:
    mask = np.ones(len(vocabulary), np.bool_)
    mask[256 : len(vocabulary) - 7 : 3] = False
    mask[vocabulary.named] = True
    return np.flatnonzero(vocabulary.closure(mask))


def test_plan_keeps_the_merge_ancestors_of_what_was_seen(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with GgufFile(tiny_gguf) as file:
        vocabulary = read_vocabulary(file)
    names = kept_names(vocabulary, ["Ġreturn"], monkeypatch)
    assert {"Ġr", "Ġre", "Ġret", "Ġretu", "Ġretur", "Ġreturn"} <= names
    assert "return" not in names and "Ġfunc" not in names


def test_plan_always_keeps_bytes_specials_and_named_tokens(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with GgufFile(tiny_gguf) as file:
        vocabulary = read_vocabulary(file)
    tokens, types, _ = tiny_vocabulary()
    assert kept_names(vocabulary, [], monkeypatch) == {
        token for token, kind in zip(tokens, types, strict=True) if len(token) == 1 or kind != 1
    }


def test_plan_keeps_common_ascii_only_below_its_limit() -> None:
    filler = [f"字{i}".encode() for i in range(COMMON_BELOW - 2)]
    tokens = (b"plain", "Ġif".encode(), *filler, b"rare")
    empty = np.empty(0, np.int64)
    types = np.ones(len(tokens), np.int32)
    vocabulary = Vocabulary(tokens, types, (), np.empty((0, 2), np.int64), empty, empty)
    assert vocabulary_cut.plan(vocabulary, None, ()).tolist() == [0, 1]


def test_plan_drops_padding_rows(tiny_gguf: Path) -> None:
    with GgufFile(tiny_gguf) as file:
        tiny = read_vocabulary(file)
    types = np.append(tiny.types, [5, 4]).astype(np.int32)
    padded = replace(tiny, tokens=(*tiny.tokens, b"[PAD1]", b"[PAD2]"), types=types)
    assert vocabulary_cut.plan(padded, None, ()).max() < len(tiny)
    assert padded.identity == tiny.identity


@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("quantised", [False, True], ids=["float", "quantised"])
def test_rows_are_the_same_bytes_and_the_rest_is_untouched(tmp_path: Path, tied: bool, quantised: bool) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf", tied=tied, quantised=quantised)
    ids, _ = cut(base, tmp_path / "carved.gguf")
    before, after = gguf.GGUFReader(base), gguf.GGUFReader(tmp_path / "carved.gguf")
    assert [tensor.name for tensor in before.tensors] == [tensor.name for tensor in after.tensors]
    for old, new in zip(before.tensors, after.tensors, strict=True):
        assert new.tensor_type == old.tensor_type
        is_table = old.name in ("token_embd.weight", "output.weight")
        expected = old.data[ids] if is_table else old.data
        assert new.data.tobytes() == expected.tobytes(), old.name


def test_metadata_is_kept_and_ids_follow_their_tokens(tiny_gguf: Path, tmp_path: Path) -> None:
    ids, _ = cut(tiny_gguf, tmp_path / "carved.gguf")
    before, after = gguf.GGUFReader(tiny_gguf).fields, gguf.GGUFReader(tmp_path / "carved.gguf").fields
    tokens = before["tokenizer.ggml.tokens"].contents()
    changed = {"tokenizer.ggml.tokens", "tokenizer.ggml.token_type", "tokenizer.ggml.merges", "GGUF.kv_count"}
    for key, field in before.items():
        assert after[key].types == field.types
        if key not in changed and not key.endswith("_token_id"):
            assert after[key].contents() == field.contents(), key
    assert after["lsp_experts.test_array"].contents() == [3, 1, 2]
    kept = after["tokenizer.ggml.tokens"].contents()
    assert kept == [tokens[i] for i in ids]
    assert kept[after["tokenizer.ggml.eos_token_id"].contents()] == "<|endoftext|>"
    for merge in after["tokenizer.ggml.merges"].contents():
        left, right = merge.split(" ")
        assert {left, right, left + right} <= set(kept)
    origin = {key: after[vocabulary_cut.PROVENANCE + key].contents() for key in ("base_sha256", "base_id", "language")}
    assert origin == {"base_sha256": "b" * 64, "base_id": "tiny", "language": "go"}
    assert after[vocabulary_cut.PROVENANCE + "kept_tokens"].contents() == len(ids)


def test_vocabulary_size_key_and_scores_follow(tmp_path: Path) -> None:
    path = tmp_path / "base.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    letters, types, merges = tiny_vocabulary()
    writer.add_vocab_size(len(letters))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(letters)
    writer.add_token_types(types)
    writer.add_token_scores([float(i) for i in range(len(letters))])
    writer.add_token_merges(merges)
    writer.add_tensor("token_embd.weight", np.zeros((len(letters), 4), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    ids, _ = cut(path, tmp_path / "carved.gguf")
    fields = gguf.GGUFReader(tmp_path / "carved.gguf").fields
    assert fields["llama.vocab_size"].contents() == len(ids)
    assert fields["tokenizer.ggml.scores"].contents() == ids.astype(float).tolist()


def test_the_same_input_gives_the_same_hash(tiny_gguf: Path, tmp_path: Path) -> None:
    assert cut(tiny_gguf, tmp_path / "a.gguf")[1] == cut(tiny_gguf, tmp_path / "b.gguf")[1]


def _truncated(base: Path, target: Path) -> None:
    target.write_bytes(base.read_bytes()[:-1000])


def _cut_in_header(base: Path, target: Path) -> None:
    target.write_bytes(base.read_bytes()[:2000])


def _empty(base: Path, target: Path) -> None:
    target.touch()


def _zeros(base: Path, target: Path) -> None:
    target.write_bytes(bytes(base.stat().st_size))


def _folder(base: Path, target: Path) -> None:
    target.mkdir()


@pytest.mark.parametrize("damage", [_truncated, _cut_in_header, _empty, _zeros, _folder])
def test_a_damaged_base_is_named(tiny_gguf: Path, tmp_path: Path, damage: Callable[[Path, Path], None]) -> None:
    damage(tiny_gguf, tmp_path / "bad.gguf")
    with pytest.raises(CarveError, match=r"bad\.gguf"), GgufFile(tmp_path / "bad.gguf") as file:
        read_vocabulary(file)


def test_another_kind_of_tokenizer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spm.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<s>", "a"])
    writer.add_tensor("token_embd.weight", np.zeros((2, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(CarveError, match="only byte-level BPE"), GgufFile(path) as file:
        read_vocabulary(file)


def test_a_keep_set_of_another_tokenizer_is_refused(tiny_gguf: Path) -> None:
    with GgufFile(tiny_gguf) as file, pytest.raises(CarveError, match="another one"):
        vocabulary_cut.plan(read_vocabulary(file), load("go"), ())


def tiny_keep_set(base: Path) -> KeepSet:
    """`return` and its like, for the tiny tokenizer."""
    shipped = load("go").header
    with GgufFile(base) as file:
        vocabulary = read_vocabulary(file)
    ids = np.array([vocabulary.tokens.index("Ġreturn".encode())], np.int64)
    header = replace(shipped, tokenizer=vocabulary.identity, size=len(vocabulary), count=len(ids))
    return decode(encode(header, ids), "tiny.keep")


async def carve_into_store(base: Path, corpus: Sequence[Path] = (), keep_set: KeepSet | None = None) -> Carved:
    paths = default_paths()
    order = CarveOrder("tiny-carved", "go", base, "tiny", "", keep_set, corpus)
    async with open_engine(paths) as engine:
        return await carve_expert(order, engine, Store(paths.store), Quiet(), lambda line: None)


@pytest.mark.asyncio
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
async def test_carving_into_the_store_gives_equal_logits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tied: bool
) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf", tied=tied, quantised=True)
    monkeypatch.setattr(Vocabulary, "common_ascii", lambda self: np.array([], np.int64))
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "style.go").write_text("package main // color\n")
    carved = await asyncio.wait_for(carve_into_store(base, [workspace], tiny_keep_set(base)), 120)
    assert carved.logit_difference == 0.0
    assert carved.kept_tokens < carved.base_tokens
    installed = Store(default_paths().store).verify("tiny-carved")
    assert installed.provenance["kept_tokens"] == str(carved.kept_tokens)
    with GgufFile(installed.path) as file:
        tokens = set(read_vocabulary(file).tokens)
        assert str(tmp_path).encode() not in file.bytes[:]
    assert {"Ġreturn".encode(), "Ġcolor".encode()} <= tokens  # from the keep-set, from the workspace
    assert b"body" not in tokens


@pytest.mark.asyncio
async def test_a_failed_check_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf")
    monkeypatch.setattr(carve_check, "TOLERANCE", -1.0)
    with pytest.raises(CarveError, match="logits differ"):
        await asyncio.wait_for(carve_into_store(base), 120)
    store = Store(default_paths().store)
    assert not store.installed() and not list(store.root.rglob("*.gguf"))


@pytest.mark.asyncio
async def test_a_full_disk_is_one_error_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = write_tiny_gguf(tmp_path / "base.gguf")

    def full(*arguments: object, **options: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vocabulary_cut, "write", full)
    with pytest.raises(StoreError, match="no space"):
        await asyncio.wait_for(carve_into_store(base), 120)
    assert not list(default_paths().store.rglob("*.gguf"))


def test_the_command_names_what_it_cannot_use(tmp_path: Path) -> None:
    with pytest.raises(CarveError, match="no keep-set named 'cobol'"):
        carve_command.run(language="cobol", base=str(_tiny(tmp_path)), corpus=[], expert_id=None, force=False)
    with pytest.raises(UsageError, match="is not a folder"):
        carve_command.run(language="go", base=None, corpus=[tmp_path / "no"], expert_id=None, force=False)


def test_a_corpus_serves_where_the_keep_set_does_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.go").write_text("package color\n")
    code = carve_command.run(language="go", base=str(_tiny(tmp_path)), corpus=[tmp_path], expert_id=None, force=False)
    assert code == 0 and "only the corpus counts" in capsys.readouterr().err


def test_the_command_carves_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.lua").write_text("class color\n")
    for force, expected in (
        (False, "their logits are equal"),
        (False, "in the store already"),
        (True, "their logits are equal"),
    ):
        code = carve_command.run(
            language="lua", base=str(_tiny(tmp_path)), corpus=[tmp_path / "code"], expert_id=None, force=force
        )
        said = capsys.readouterr()
        assert code == 0 and expected in said.out + said.err
    assert len(list(default_paths().store.glob("*.gguf"))) == 1


def _tiny(folder: Path) -> Path:
    path = folder / "tiny-base.gguf"
    return path if path.exists() else write_tiny_gguf(path)


@pytest.mark.real_base
@pytest.mark.asyncio
@pytest.mark.parametrize(("both_tables", "share", "moved"), [(True, 0.67, carve_check.TOLERANCE), (False, 0.61, 0.6)])
async def test_the_real_base_is_cut_to_two_thirds_or_less(
    real_base: Path, both_tables: bool, share: float, moved: float
) -> None:
    paths = default_paths()
    order = CarveOrder(
        "go-carved", "go", real_base, "qwen2.5-coder-0.5b", "0" * 64, load("go"), both_tables=both_tables
    )
    async with open_engine(paths) as engine:
        carved = await asyncio.wait_for(
            carve_expert(order, engine, Store(paths.store), Quiet(), lambda line: None), 300
        )
    assert carved.one_table is not both_tables
    assert carved.logit_difference <= moved
    assert carved.installed.size <= share * carved.base_bytes
