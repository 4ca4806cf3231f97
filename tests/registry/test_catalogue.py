"""The catalogue: overlay over bundled, near matches for unknown ids."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lsp_experts.completion.chat import TEMPLATES
from lsp_experts.errors import UnknownExpert
from lsp_experts.paths import Paths, bundled_registry
from lsp_experts.registry.catalogue import Catalogue, load_catalogue, load_registry, overlaid
from lsp_experts.registry.entry import Measured
from lsp_experts.registry.schema import read_schema
from lsp_experts.routing.chain import chain

MEASURED = Measured(1.5, 0.5, 2.5, -0.03, -0.05, -0.01, 0.6, 120, 30, 1, "a" * 64, "2026-01-31", "a")


def expert(name: str, **fields: Any) -> dict[str, Any]:
    source = {"type": "file", "path": "/models/mine.gguf"}
    return {"id": name, "kind": "model", "licence": "MIT", "note": "mine", "sources": [source]} | fields


def loaded(folder: Path, *experts: dict[str, Any], **top: Any) -> Catalogue:
    paths = Paths(folder, folder, folder)
    paths.overlay.write_text(json.dumps({"version": 1, "experts": experts} | top), encoding="utf-8")
    return load_catalogue(paths)


@pytest.fixture(scope="module")
def bundled() -> Catalogue:
    return load_registry(bundled_registry())


def test_new_entries_come_first(tmp_path: Path, bundled: Catalogue) -> None:
    catalogue = loaded(tmp_path, expert("my-go", languages=["go"]), expert("my-general", languages=["*"]))
    assert catalogue.problems == ()
    assert set(catalogue.entries) - set(bundled.entries) == {"my-go", "my-general"}
    assert [each.expert for each in chain(catalogue, "go", catalogue.entries).candidates][:2] == ["my-go", "go-carved"]
    general = [each.expert for each in chain(catalogue, "zig", catalogue.entries).candidates]
    assert general[:2] == ["my-general", "qwen2.5-coder-0.5b"]


def test_an_entry_replaces_the_bundled_one_in_its_place(tmp_path: Path, bundled: Catalogue) -> None:
    catalogue = loaded(tmp_path, expert("prem-1b-sql", languages=["sql"], context=4096))
    assert list(catalogue.entries) == list(bundled.entries)
    assert catalogue.get("prem-1b-sql").context == 4096 and catalogue.get("prem-1b-sql").note == "mine"


def test_a_base_may_be_bundled(tmp_path: Path) -> None:
    mine = {"id": "zig-carved", "kind": "carved", "languages": ["zig"], "licence": "Apache-2.0", "note": "mine"}
    catalogue = loaded(tmp_path, mine | {"base": "qwen2.5-coder-1.5b", "keep_set": "zig"})
    assert catalogue.get("zig-carved").base == "qwen2.5-coder-1.5b"


def test_related_is_replaced_per_language(tmp_path: Path, bundled: Catalogue) -> None:
    catalogue = loaded(tmp_path, related={"go": ["c"], "cpp": ["rust"]})
    assert catalogue.related["go"] == ("c",) and catalogue.related["cpp"] == ("rust",)
    assert catalogue.related["javascript"] == bundled.related["javascript"]


def test_preferences_are_replaced_per_language() -> None:
    below = Catalogue({}, {}, preferred={"go": "a", "html": "a"}, measured={"go": {}, "css": {}})
    above = Catalogue({}, {}, preferred={"go": "b"}, measured={"go": {"b": MEASURED}})
    merged = overlaid(below, above)
    assert merged.preferred == {"go": "b", "html": "a"}
    assert merged.measured == {"go": {"b": MEASURED}, "css": {}}


def test_an_overlay_may_set_a_confidence_alone(tmp_path: Path, bundled: Catalogue) -> None:
    mine = expert("mine", languages=["zig"], confidence=0.5)
    catalogue = loaded(tmp_path, mine, confidence={"go-carved": 0.42, "mine": 1, "gone": 0.1})
    assert catalogue.problems == ()
    assert list(catalogue.entries) == ["mine", *bundled.entries]
    assert replace(catalogue.get("go-carved"), confidence=None) == bundled.get("go-carved")
    assert catalogue.get("go-carved").confidence == 0.42
    assert catalogue.get("mine").confidence == 1.0


def test_an_entry_may_have_its_own(tmp_path: Path) -> None:
    assert loaded(tmp_path, expert("mine", languages=["zig"], confidence=0)).get("mine").confidence == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"version": 7, "experts": []}',
        '{"version": 1, "experts": [{"id": "../x"}]}',
        json.dumps(
            {
                "version": 1,
                "experts": [
                    {
                        "id": "qwen2.5-coder-0.5b",
                        "kind": "carved",
                        "base": "qwen2.5-coder-1.5b",
                        "keep_set": "go",
                        "languages": ["go"],
                        "licence": "MIT",
                        "note": "others are carved from it",
                    }
                ],
            }
        ),
    ],
)
def test_a_bad_overlay_is_one_sentence_and_the_bundled_registry_serves(
    tmp_path: Path, bundled: Catalogue, text: str
) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path)
    paths.overlay.write_text(text, encoding="utf-8")
    catalogue = load_catalogue(paths)
    assert catalogue.entries == bundled.entries and catalogue.related == bundled.related
    (problem,) = catalogue.problems
    assert str(paths.overlay) in problem and " at $" in problem and "\n" not in problem


def test_an_overlay_that_is_a_folder_or_a_dead_link(tmp_path: Path, bundled: Catalogue) -> None:
    for number, make in enumerate((Path.mkdir, lambda place: place.symlink_to("nowhere"))):
        paths = Paths(tmp_path, tmp_path / str(number), tmp_path)
        paths.config.mkdir()
        make(paths.overlay)
        catalogue = load_catalogue(paths)
        assert catalogue.entries == bundled.entries and len(catalogue.problems) == 1


def test_no_overlay_is_no_problem(tmp_path: Path, bundled: Catalogue) -> None:
    assert load_catalogue(Paths(tmp_path, tmp_path / "missing", tmp_path)) == bundled


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("go", "Did you mean go-carved?"),
        ("go-carvd", "go-carved"),
        ("GO-CARVED", "go-carved"),
        ("qwen2.5-coder-0.5", "qwen2.5-coder-0.5b"),
        ("mellum", "mellum-4b-sft-python"),
        ("xxxxxx", "lsp-experts experts"),
        ("", "lsp-experts experts"),
    ],
)
def test_unknown_experts(bundled: Catalogue, wanted: str, words: str) -> None:
    with pytest.raises(UnknownExpert) as caught:
        bundled.get(wanted)
    assert words in caught.value.remedy


def test_a_bundled_registry_that_was_changed_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "bundled.json"
    file.write_text('{"version": 1, "experts": [{"id": "a"}]}', encoding="utf-8")
    monkeypatch.setattr("lsp_experts.registry.catalogue.bundled_registry", lambda: file)
    with pytest.raises(Exception, match=r"\$\.experts\[0\]\.kind: it is missing"):
        load_catalogue(Paths(tmp_path, tmp_path / "missing", tmp_path))


def test_a_carved_expert_follows_instructions_if_its_base_does(tmp_path: Path) -> None:
    mute = expert("mute", languages=["go"], kind="carved", base="qwen2.5-coder-0.5b", keep_set="go", chat="none")
    del mute["sources"]
    catalogue = loaded(
        tmp_path, expert("mine", languages=["zig"]), expert("talks", languages=["zig"], chat="granite"), mute
    )
    said = {name: catalogue.chat_of(name) for name in ("mine", "talks", "mute", "go-carved", "smollm2-135m-instruct")}
    assert said == {
        "mine": "none",
        "talks": "granite",
        "mute": "none",
        "go-carved": "chatml",
        "smollm2-135m-instruct": "chatml",
    }


def test_every_chat_format_has_a_template() -> None:
    known = read_schema()["$defs"]["expert"]["properties"]["chat"]["enum"]
    assert set(known) == {"none", *TEMPLATES}
