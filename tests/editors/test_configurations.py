"""The configurations that users copy: each in its editor's documented shape, starting our server, for our languages."""

from __future__ import annotations

import argparse
import copy
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import lsp_experts
from lsp_experts.cli.options import add_serve
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.routing.languages import language_of

EDITORS = Path(__file__).parents[2] / "editors"
SCHEMAS = Path(__file__).with_name("schemas")
SERVER = ["lsp-experts", "serve"]

# What editors call the languages that have an expert of their own. A new one has to be added here, and to each editor.
# language: (Helix, Zed, Kate, Mason, Vim)
NAMES: dict[str, tuple[str, str, str, str, str]] = {
    "go": ("go", "Go", "go", "Go", "go"),
    "html": ("html", "HTML", "html", "HTML", "html"),
    "css": ("css", "CSS", "css", "CSS", "css"),
    "javascript": ("javascript", "JavaScript", "javascript", "JavaScript", "javascript"),
    "javascriptreact": ("jsx", "JavaScript", "javascript", "JSX", "javascriptreact"),
    "typescript": ("typescript", "TypeScript", "typescript", "TypeScript", "typescript"),
    "typescriptreact": ("tsx", "TSX", "typescript", "JSX", "typescriptreact"),
    "python": ("python", "Python", "python", "Python", "python"),
    "rust": ("rust", "Rust", "rust", "Rust", "rust"),
    "java": ("java", "Java", "java", "Java", "java"),
    "kotlin": ("kotlin", "Kotlin", "kotlin", "Kotlin", "kotlin"),
    "c": ("c", "C", "c", "C", "c"),
    "cpp": ("cpp", "C++", "cpp", "C++", "cpp"),
    "sql": ("sql", "SQL", "sql", "SQL", "sql"),
    "shellscript": ("bash", "Shell Script", "bash", "Bash", "sh"),
    "ruby": ("ruby", "Ruby", "ruby", "Ruby", "ruby"),
    "php": ("php", "PHP", "php", "PHP", "php"),
    "lua": ("lua", "Lua", "lua", "Lua", "lua"),
}
HELIX, ZED, KATE, MASON, VIM = range(5)


def json_with_comments(text: str) -> Any:
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))


FILES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "helix/languages.toml": ("helix", tomllib.loads),
    "zed/settings.json": ("zed_settings", json_with_comments),
    "zed/extension.toml": ("zed_extension", tomllib.loads),
    "sublime/LanguageServers.sublime-settings": ("sublime", json_with_comments),
    "kate/settings.json": ("kate", json.loads),
    "jetbrains/template.json": ("lsp4ij", json.loads),
    "mason/package.yaml": ("mason", yaml.safe_load),
}


def read(name: str) -> Any:
    return FILES[name][1]((EDITORS / name).read_text())


def faults(name: str, configuration: Any) -> list[str]:
    """What is not as the editor documents it."""
    schema = json.loads((SCHEMAS / f"{FILES[name][0]}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(configuration)]


@pytest.mark.parametrize("name", FILES)
def test_it_has_the_documented_shape(name: str) -> None:
    assert faults(name, read(name)) == []


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("helix/languages.toml", ["language-server", "lsp-experts"]),
        ("helix/languages.toml", ["language", 0]),
        ("zed/settings.json", ["edit_predictions", "open_ai_compatible_api"]),
        ("zed/extension.toml", ["language_servers", "lsp-experts"]),
        ("sublime/LanguageServers.sublime-settings", ["lsp-experts"]),
        ("kate/settings.json", ["servers", "lsp-experts"]),
        ("jetbrains/template.json", ["fileTypeMappings", 0, "fileType"]),
        ("mason/package.yaml", ["source"]),
    ],
)
def test_a_misspelt_key_is_seen(name: str, path: list[str | int]) -> None:
    configuration = copy.deepcopy(read(name))
    place = configuration
    for key in path:
        place = place[key]
    place["comand"] = "lsp-experts"
    assert any("comand" in fault for fault in faults(name, configuration))


def test_every_language_with_an_expert_is_named_here() -> None:
    entries = load_catalogue(default_paths()).entries.values()
    carved = {language for entry in entries if entry.id.endswith("-carved") for language in entry.languages}
    assert set(NAMES) == carved


@pytest.mark.parametrize("language", NAMES)
def test_every_editor_serves_every_language_with_an_expert(language: str) -> None:
    names, catalogue = NAMES[language], load_catalogue(default_paths())
    helix, zed, kate, mason = (
        {entry["name"] for entry in read("helix/languages.toml")["language"]},
        read("zed/extension.toml")["language_servers"]["lsp-experts"]["languages"],
        read("kate/settings.json")["servers"],
        read("mason/package.yaml")["languages"],
    )
    assert names[HELIX] in helix
    assert names[ZED] in zed
    assert names[KATE] in kate
    assert names[MASON] in mason
    assert language in {entry["languageId"] for entry in read("jetbrains/template.json")["fileTypeMappings"]}
    assert names[VIM] in vim_file_types()
    # Ids that reach the server as the editor spells them.
    for spoken in (names[HELIX], names[VIM], language):
        assert language_of("untitled:", spoken, catalogue) in (language, language.removesuffix("react"))


def vim_file_types() -> list[str]:
    script = (EDITORS / "vim" / "plugin" / "lsp_experts.vim").read_text()
    (listed,) = re.findall(r"'lsp_experts_filetypes', \[(.*?)\]\)", script, re.DOTALL)
    return re.findall(r"'(\w+)'", listed)


def test_every_editor_starts_our_server() -> None:
    helix = read("helix/languages.toml")["language-server"]["lsp-experts"]
    assert [helix["command"], *helix["args"]] == SERVER
    assert read("sublime/LanguageServers.sublime-settings")["lsp-experts"]["command"] == SERVER
    assert read("kate/settings.json")["servers"]["lsp-experts"]["command"] == SERVER
    assert read("jetbrains/template.json")["programArgs"] == {"default": " ".join(SERVER)}
    assert "'lsp_experts_command', ['lsp-experts', 'serve'])" in (EDITORS / "vim/plugin/lsp_experts.vim").read_text()
    extension = (EDITORS / "zed" / "src" / "lib.rs").read_text()
    assert 'const SERVER: &str = "lsp-experts";' in extension
    assert 'vec!["serve".into()]' in extension


def test_helix_asks_the_languages_own_servers_first() -> None:
    for language in read("helix/languages.toml")["language"]:
        assert language["language-servers"][-1] == "lsp-experts", language["name"]


def test_kates_languages_share_one_process() -> None:
    servers = read("kate/settings.json")["servers"]
    assert {entry["use"] for name, entry in servers.items() if name != "lsp-experts"} == {"lsp-experts"}
    for entry in servers.values():
        re.compile(entry.get("highlightingModeRegex", ""))


def test_zed_asks_where_serve_listens() -> None:
    serve = argparse.ArgumentParser()
    add_serve(serve)
    url = read("zed/settings.json")["edit_predictions"]["open_ai_compatible_api"]["api_url"]
    assert url == "http://{0.host}:{0.port}/v1/completions".format(serve.parse_args(["--http"]))


def test_zeds_language_ids_are_for_languages_it_serves() -> None:
    server = read("zed/extension.toml")["language_servers"]["lsp-experts"]
    assert set(server["language_ids"]) <= set(server["languages"])


def test_one_version_everywhere() -> None:
    cargo = tomllib.loads((EDITORS / "zed" / "Cargo.toml").read_text())
    found = {
        read("zed/extension.toml")["version"],
        cargo["package"]["version"],
        read("mason/package.yaml")["source"]["id"].rpartition("@")[2],
    }
    assert found == {lsp_experts.__version__}


# What :help vim.lsp.Config and :help vim.lsp.ClientConfig name.
NEOVIM_KEYS = re.findall(
    r"\w+",
    """
    before_init capabilities cmd cmd_cwd cmd_env commands detached exit_timeout filetypes flags
    get_language_id handlers init_options name offset_encoding on_attach on_error on_exit on_init
    reuse_client root_dir root_markers settings trace workspace_folders workspace_required
    """,
)


def test_neovims_file_has_the_format_of_nvim_lspconfig() -> None:
    """As its CONTRIBUTING.md has it: no dash in the name, a @brief, and a typed table that is returned."""
    name = read("mason/package.yaml")["neovim"]["lspconfig"]
    assert "-" not in name
    text = (EDITORS / "neovim" / "lsp" / f"{name}.lua").read_text()
    assert text.startswith("---@brief\n")
    assert re.search(r"^---@type vim\.lsp\.Config\nreturn \{\n", text, re.MULTILINE)
    assert text.endswith("\n}\n")
    keys = re.findall(r"^  (\w+) = ", text, re.MULTILINE)
    assert {"cmd", "root_markers"} <= set(keys) <= set(NEOVIM_KEYS)
    assert "cmd = { 'lsp-experts', 'serve' }" in text


@pytest.mark.parametrize("editor", ["helix", "zed", "sublime", "kate", "vim", "jetbrains", "mason"])
def test_a_readme_says_how_and_every_file_it_names_is_there(editor: str) -> None:
    folder = EDITORS / editor
    text = (folder / "README.md").read_text()
    assert text.startswith("# LSP Experts in ")
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        assert (folder / link).exists(), link
