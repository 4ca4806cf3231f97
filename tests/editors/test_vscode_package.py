"""The VS Code extension agrees with the server it starts, takes no program from a workspace, and can be packaged.

The end-to-end tests in a real editor are in test_vscode.py.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lsp_experts import __version__
from lsp_experts.paths import package_data
from lsp_experts.server.commands import COMMANDS

FOLDER = Path(__file__).parents[2] / "editors" / "vscode"
MANIFEST: dict[str, Any] = json.loads((FOLDER / "package.json").read_text())
SETTINGS = {
    name: about for part in MANIFEST["contributes"]["configuration"] for name, about in part["properties"].items()
}
CONTRIBUTED = {command["command"] for command in MANIFEST["contributes"]["commands"]}
SOURCES = [path for pattern in ("src/**/*.ts", "unit/*.ts", "scripts/*.mjs") for path in sorted(FOLDER.glob(pattern))]
NODE_FOR_VSCE = 22
OUT = ("extension.js", "THIRD_PARTY_LICENSES.txt")


def of_the_extension(name: str) -> bool:
    return name.startswith("lspExperts.server.")


def test_the_settings_are_the_servers_own() -> None:
    schema = json.loads((package_data() / "settings.schema.json").read_text())
    published = {
        f"lspExperts.{name}": about for name, about in schema["properties"]["lspExperts"]["properties"].items()
    }
    told = {
        name: {key: value for key, value in about.items() if key != "scope"}
        for name, about in SETTINGS.items()
        if not of_the_extension(name)
    }
    assert told == published, "run `npm run configuration` in editors/vscode"


def test_no_workspace_says_which_program_runs() -> None:
    programs = {name for name in SETTINGS if of_the_extension(name)}
    assert programs
    assert {SETTINGS[name]["scope"] for name in programs} == {"machine"}
    untrusted = MANIFEST["capabilities"]["untrustedWorkspaces"]
    assert untrusted["supported"] == "limited"
    assert set(untrusted["restrictedConfigurations"]) == programs
    assert not any(re.search("path|file|folder|command|host", name, re.I) for name in set(SETTINGS) - programs)


def test_commands_are_registered_and_are_none_of_the_servers() -> None:
    registered = re.findall(r'^ {2}"(lspExperts\.\w+)":', (FOLDER / "src/commands/commands.ts").read_text(), re.M)
    assert set(registered) == CONTRIBUTED
    assert not CONTRIBUTED & set(COMMANDS)  # the language client registers those


def test_commands_that_are_run_exist() -> None:
    used = {
        name
        for path in SOURCES
        if path.parent.name != "unit"
        for name in re.findall(r'"(lspExperts\.\w+)"', path.read_text())
    }
    no_commands = {"lspExperts.status", "lspExperts.toldThatServerIsMissing", "lspExperts.server"}
    assert used - no_commands <= CONTRIBUTED | set(COMMANDS)


def test_what_it_says_of_itself_is_true() -> None:
    assert MANIFEST["version"] == __version__
    assert (FOLDER / "LICENSE").read_text() == (FOLDER.parents[1] / "LICENSE").read_text()
    readme = (FOLDER / "README.md").read_text()
    for command in MANIFEST["contributes"]["commands"]:
        assert command["title"] in readme, command["title"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_file_has_one_reason(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[0].startswith("// ")
    assert len(lines) <= 200
    assert max(map(len, lines)) <= 120


def test_the_lock_file_names_no_other_registry() -> None:
    packages = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    assert packages[""]["devDependencies"] == MANIFEST["devDependencies"]
    for name, package in packages.items():
        assert package.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), name
        assert not name or package["integrity"], name


@pytest.fixture(scope="module")
def npm() -> str:
    """npm, where what it needs is there."""
    found = shutil.which("npm")
    if found is None:
        pytest.skip("npm is not installed: install Node.js 22 or newer, for instance `npm install node@24`")
    if not (FOLDER / "node_modules" / "esbuild").is_dir():
        pytest.skip("the extension's packages are not installed: `npm ci` in editors/vscode")
    return found


def run(npm: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([npm, "run", *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_its_own_tests_pass(npm: str) -> None:
    done = run(npm, "test")
    assert int(re.search(r"pass (\d+)", done.stdout)[1]) > 40  # type: ignore[index]


def test_it_can_be_packaged(npm: str, tmp_path: Path) -> None:
    node = shutil.which("node") or ""
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.strip().removeprefix("v").split(".")[0]) < NODE_FOR_VSCE:
        pytest.skip(f"node is {version.strip()}, vsce needs {NODE_FOR_VSCE}: for instance `npm install node@24`")
    vsix = tmp_path / "lsp-experts.vsix"
    run(npm, "package", "--", "--out", str(vsix))
    names = {name.removeprefix("extension/") for name in zipfile.ZipFile(vsix).namelist()}
    expected = {"package.json", "icon.png", "readme.md", "LICENSE.txt"} | {f"out/{name}" for name in OUT}
    about = {"[Content_Types].xml", "extension.vsixmanifest"}
    assert names - {"screenshot.png"} == expected | about
    licences = zipfile.ZipFile(vsix).read("extension/out/THIRD_PARTY_LICENSES.txt").decode()
    assert "vscode-languageclient" in licences
