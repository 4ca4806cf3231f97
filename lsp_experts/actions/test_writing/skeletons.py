"""A file for tests, as it is before the first one stands in it. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lsp_experts.actions.test_writing.imports import Subject

RUST_MODULE = "#[cfg(test)]\nmod tests {\n    use super::*;\n}\n"


@dataclass(frozen=True)
class Surroundings:
    """What decides how the file begins: the text that is tested, an open file of tests, package.json (each "" if there
    is none), and the name of the new file without its ending.
    """

    source: str
    other_tests: str
    package_json: str
    stem: str


def skeleton(language: str, subject: Subject, around: Surroundings) -> str:
    """The text of the new file; "" for a language without one."""
    make = _SKELETONS.get(language)
    return make(subject, around) if make is not None else ""


def _python(subject: Subject, around: Surroundings) -> str:
    imported = f"from {subject.module} import {subject.name}\n"
    if "TestCase" not in around.other_tests:
        return imported
    name = "".join(part.capitalize() for part in around.stem.removeprefix("test_").split("_"))
    return f"import unittest\n\n{imported}\n\nclass {name}Test(unittest.TestCase):\n"


def _go(subject: Subject, around: Surroundings) -> str:
    package = re.search(r"^package[ \t]+(\w+)", around.source, re.MULTILINE)
    return f'package {package[1] if package else "main"}\n\nimport "testing"\n'


def _script(subject: Subject, around: Surroundings) -> str:
    modules = re.search(r"^\s*(?:export|import)\b", around.source, re.MULTILINE) is not None
    frameworks = {
        "vitest": ("{ expect, test }", "vitest"),
        "jest": None,
        "mocha": ("{ expect }", "chai"),
        "": ("test", "node:test"),
    }
    name = next(each for each in frameworks if not each or f'"{each}"' in around.package_json)
    found = frameworks[name]
    needs = [found] if found else []
    if not name:
        needs.append(("assert", "node:assert/strict"))
    keeps_ending = modules and not name and not subject.path.endswith(("ts", "x"))  # no bundler looks for it
    needs.append((f"{{ {subject.name} }}", subject.path if keeps_ending else posixpath.splitext(subject.path)[0]))
    form = 'import {} from "{}";\n' if modules else 'const {} = require("{}");\n'
    return "".join(form.format(*each) for each in needs)


def _java(subject: Subject, around: Surroundings) -> str:
    package = re.search(r"^package[ \t]+[\w.]+;", around.source, re.MULTILINE)
    head = f"{package[0]}\n\n" if package else ""
    if "org.junit.Test" in around.other_tests:
        uses, public = "import static org.junit.Assert.*;\n\nimport org.junit.Test;\n", "public "
    else:
        uses, public = "import static org.junit.jupiter.api.Assertions.*;\n\nimport org.junit.jupiter.api.Test;\n", ""
    return f"{head}{uses}\n{public}class {around.stem} {{\n}}\n"


def _php(subject: Subject, around: Surroundings) -> str:
    namespace = re.search(r"^namespace[ \t]+([\w\\]+);", around.source, re.MULTILINE)
    uses = f"use {namespace[1]}\\{subject.name};\n" if namespace else ""
    return f"<?php\n\n{uses}use PHPUnit\\Framework\\TestCase;\n\nclass {around.stem} extends TestCase\n{{\n}}\n"


def _ruby(subject: Subject, around: Surroundings) -> str:
    required = f'require_relative "{subject.path.removesuffix(".rb")}"\n'
    if around.stem.endswith("_spec"):
        return f'{required}\nRSpec.describe "{subject.name}" do\nend\n'
    name = "".join(part.capitalize() for part in around.stem.removesuffix("_test").removeprefix("test_").split("_"))
    return f'require "minitest/autorun"\n{required}\nclass {name}Test < Minitest::Test\nend\n'


_SKELETONS: Mapping[str, Callable[[Subject, Surroundings], str]] = MappingProxyType(
    {
        "python": _python,
        "go": _go,
        "javascript": _script,
        "typescript": _script,
        "java": _java,
        "php": _php,
        "ruby": _ruby,
    }
)
