"""The published schema of the settings says what the code obeys, and the README names each of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from lsp_experts.paths import package_data
from lsp_experts.settings import Settings, from_options

SCHEMA = json.loads((package_data() / "settings.schema.json").read_text())
SECTION = SCHEMA["properties"]["lspExperts"]
ABOUT: dict[str, dict[str, Any]] = SECTION["properties"]


def accepts(options: dict[str, Any]) -> bool:
    try:
        jsonschema.validate({"lspExperts": options}, SCHEMA)
    except jsonschema.ValidationError:
        return False
    return True


def test_the_defaults_are_those_of_the_code() -> None:
    defaults = {name: about["default"] for name, about in ABOUT.items()}
    assert from_options(defaults) == (Settings(), ())
    assert len(defaults) == len(Settings.__dataclass_fields__)
    assert accepts(defaults)


@pytest.mark.parametrize("name", ABOUT)
def test_both_refuse_the_same_values(name: str) -> None:
    about = ABOUT[name]
    values: list[Any] = [None, True, 0, 0.5, -1, "no such word", [], {"go": 1}, {"go": "base"}, *about.get("enum", ())]
    for bound, beyond in (("minimum", -1), ("maximum", 1)):
        if bound in about:
            values += [about[bound], about[bound] + beyond]
    for value in values[1:]:
        assert accepts({name: value}) is (from_options({name: value})[1] == ()), value


@pytest.mark.parametrize("name", ABOUT)
def test_each_is_described(name: str) -> None:
    assert ABOUT[name]["description"].endswith(".")


def test_the_readme_has_a_row_for_each() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    table = readme[readme.index("\n## Settings") : readme.index("\n## Security")]
    assert [name for name in ABOUT if f"\n| `{name}`" not in table and f", `{name}`" not in table] == ["report"]
