"""Writes a test for the function at the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from actions.places import FOLDER, ScriptedFiles, place, run, titles, with_changes
from actions.scripted import Answer, ScriptedGenerator

from lsp_experts.actions.generator import Said
from lsp_experts.actions.outcome import Edited
from lsp_experts.actions.write_test import ACTION
from lsp_experts.errors import ActionRefused

MEAN = "def me‸an(values):\n    return sum(values) / len(values)\n"
MEANT = "    assert mean([1]) == 1\n    assert mean([1, 3]) == 2\n"
INDEX = "package words\n\nfunc In‸dex(words []string, word string) int {\n\treturn find(words, word)\n}\n"
ADD_JS = "export function a‸dd(a, b) {\n  return a + b;\n}\n"
ADDED_JS = "  expect(add(1, 2)).toBe(3);\n});\n"
ADD_RS = "fn add(a: i32, b: i32) -> i32 {\n    a ‸+ b\n}\n"
ADD_JAVA = "package a.b;\n\nclass Words {\n    static int add(int a, int b) {\n        return a ‸+ b;\n    }\n}\n"
ADD_RB = "class Words\n  def add(a, b)\n    a ‸+ b\n  end\nend\n"
ADD_PHP = (
    "<?php\n\nnamespace App;\n\nclass Words\n{\n    function add($a, $b)\n    {\n        return $a ‸+ $b;\n    }\n}\n"
)


async def written(
    language: str,
    path: str,
    marked: str,
    *answers: Answer,
    others: Mapping[str, str] | None = None,
    opened: Sequence[str] = (),
    locked: Sequence[str] = (),
) -> tuple[Edited, ScriptedFiles, ScriptedGenerator]:
    """What comes of the action."""
    files = ScriptedFiles({path: marked.replace("‸", ""), **(others or {})}, opened=opened, locked=locked)
    generator = ScriptedGenerator(*answers)
    outcome = await run(ACTION, place(language, marked, uri=f"{FOLDER}/{path}"), generator, files=files)
    assert isinstance(outcome, Edited)
    return outcome, files, generator


async def check(
    language: str,
    path: str,
    marked: str,
    said: str,
    into: str,
    expected: str,
    *,
    others: Mapping[str, str] | None = None,
    opened: Sequence[str] = (),
) -> None:
    """The file `into` holds `expected` then, and no other is touched."""
    outcome, files, _ = await written(language, path, marked, said, others=others, opened=opened)
    uri = f"{FOLDER}/{into}"
    assert {change.uri for change in outcome.changes} == {uri}
    assert [change.creates for change in outcome.changes] == [uri not in files.texts] * len(outcome.changes)
    assert with_changes(files.texts.get(uri, ""), outcome.changes) == expected


# -- where it is offered ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "path", "marked", "expected"),
    [
        ("python", "stat.py", MEAN, ["Write a test for mean"]),
        ("python", "stat.py", "‸import os\n", []),
        ("go", "main.go", "package main\n\nfunc main() {\n\trun(‸)\n}\n", []),
        ("python", "test_stat.py", "def he‸lp():\n    return 1\n", []),
        ("python", "stat.py", "def test_‸it():\n    assert 1\n", []),
        ("python", "stat.py", "def a():\n    def b():\n        return ‸1\n    return b\n", []),
        ("python", "stat.py", "def a():\n    ‸pass\n", []),
        ("javascript", "a.js", "(() => {\n  function a() {\n    return ‸1;\n  }\n})();\n", []),
        ("javascript", "a.js", "const a = (b) => b‸ + 1;\n", ["Write a test for a"]),
        ("java", "A.java", "abstract class A {\n  abstract int b‸();\n}\n", []),
        ("java", "A.java", "class A {\n  int b() {\n    return ‸1;\n  }\n}\n", ["Write a test for b"]),
        ("rust", "lib.rs", "#[test]\nfn a() {\n    assert!(‸true);\n}\n", []),
        ("sql", "a.sql", "select ‸1", []),
        ("plaintext", "a.txt", "‸hello", []),
    ],
)
def test_offered(language: str, path: str, marked: str, expected: list[str]) -> None:
    assert titles(ACTION, place(language, marked, uri=f"{FOLDER}/{path}")) == expected


def test_not_offered_in_a_region() -> None:
    assert titles(ACTION, place("python", MEAN, uri=f"{FOLDER}/a.py", origin=5)) == []


# -- a new file -------------------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_new_python() -> None:
    expected = f"from pkg.stat import mean\n\n\ndef test_mean():\n{MEANT}"
    others = {"src/pkg/__init__.py": ""}
    await check("python", "src/pkg/stat.py", MEAN, MEANT, "tests/pkg/test_stat.py", expected, others=others)


@pytest.mark.parametrize(("there", "opened"), [("", []), ("\n\n", ["test_stat.py"])])
@pytest.mark.asyncio
async def test_an_empty_file_becomes_one(there: str, opened: list[str]) -> None:
    expected = f"from stat import mean\n\n\ndef test_mean():\n{MEANT}"
    others = {"test_stat.py": there}
    await check("python", "stat.py", MEAN, MEANT, "test_stat.py", expected, others=others, opened=opened)


@pytest.mark.asyncio
async def test_new_python_as_the_open_tests_are_written() -> None:
    others = {"tests/test_other.py": "import unittest\n\n\nclass A(unittest.TestCase):\n    pass\n"}
    expected = (
        "import unittest\n\nfrom stat import mean\n\n\nclass StatTest(unittest.TestCase):\n"
        "    def test_mean(self):\n        self.assertEqual(mean([1]), 1)\n"
    )
    said = "    self.assertEqual(mean([1]), 1)\n"
    await check(
        "python", "stat.py", MEAN, said, "tests/test_stat.py", expected, others=others, opened=["tests/test_other.py"]
    )


@pytest.mark.asyncio
async def test_new_go_imports_what_the_test_uses() -> None:
    said = 'nil, ""); !reflect.DeepEqual(got, -1) {\n\t\tt.Error("x")\n\t}\n}\n'
    expected = (
        'package words\n\nimport "testing"\nimport "reflect"\n\nfunc TestIndex(t *testing.T) {\n\tif got := Index('
    )
    expected += said
    await check("go", "words.go", INDEX, said, "words_test.go", expected)


@pytest.mark.parametrize(
    ("package", "head", "imported"),
    [
        ({}, 'import test from "node:test";\nimport assert from "node:assert/strict";\n', "../math.js"),
        (
            {"package.json": '{"devDependencies": {"vitest": "3"}}'},
            'import { expect, test } from "vitest";\n',
            "../math",
        ),
        ({"package.json": '{"devDependencies": {"jest": "29"}}'}, "", "../math"),
    ],
)
@pytest.mark.asyncio
async def test_new_script(package: dict[str, str], head: str, imported: str) -> None:
    expected = f'{head}import {{ add }} from "{imported}";\n\ntest("add", () => {{\n{ADDED_JS}'
    await check("javascript", "src/math.js", ADD_JS, ADDED_JS, "src/__tests__/math.test.js", expected, others=package)


@pytest.mark.asyncio
async def test_new_script_without_modules() -> None:
    outcome, _, _ = await written("javascript", "math.js", ADD_JS.removeprefix("export "), ADDED_JS)
    assert 'const { add } = require("../math");' in outcome.changes[0].new_text


@pytest.mark.asyncio
async def test_new_module_in_rust() -> None:
    expected = (
        f"{ADD_RS.replace('‸', '')}\n#[cfg(test)]\nmod tests {{\n    use super::*;\n\n"
        "    #[test]\n    fn test_add() {\n        assert_eq!(add(1, 2), 3);\n    }\n}\n"
    )
    await check("rust", "src/lib.rs", ADD_RS, "    assert_eq!(add(1, 2), 3);\n}\n", "src/lib.rs", expected)


@pytest.mark.asyncio
async def test_new_module_with_the_file_s_line_breaks() -> None:
    outcome, _, _ = await written("rust", "a.rs", ADD_RS.replace("\n", "\r\n"), "    assert!(add(1, 2) == 3);\n}\n")
    assert outcome.changes[0].new_text.count("\n") == outcome.changes[0].new_text.count("\r\n") > 9


@pytest.mark.asyncio
async def test_new_java() -> None:
    expected = (
        "package a.b;\n\nimport static org.junit.jupiter.api.Assertions.*;\n\nimport org.junit.jupiter.api.Test;\n\n"
        "class WordsTest {\n    @Test\n    void testAdd() {\n        assertEquals(3, Words.add(1, 2));\n    }\n}\n"
    )
    said = "    assertEquals(3, Words.add(1, 2));\n}\n"
    path, into = "src/main/java/a/b/Words.java", "src/test/java/a/b/WordsTest.java"
    await check("java", path, ADD_JAVA, said, into, expected)


@pytest.mark.asyncio
async def test_new_ruby() -> None:
    expected = (
        'require "minitest/autorun"\nrequire_relative "../lib/words"\n\nclass WordsTest < Minitest::Test\n'
        "  def test_add\n    assert_equal 3, Words.new.add(1, 2)\n  end\nend\n"
    )
    said = "  assert_equal 3, Words.new.add(1, 2)\nend\n"
    await check("ruby", "lib/words.rb", ADD_RB, said, "test/words_test.rb", expected)


@pytest.mark.asyncio
async def test_new_php() -> None:
    expected = (
        "<?php\n\nuse App\\Words;\nuse PHPUnit\\Framework\\TestCase;\n\nclass WordsTest extends TestCase\n{\n"
        "    public function testAdd(): void\n    {\n"
        "        $this->assertSame(3, (new Words())->add(1, 2));\n    }\n}\n"
    )
    said = "    $this->assertSame(3, (new Words())->add(1, 2));\n}\n"
    await check("php", "src/Words.php", ADD_PHP, said, "tests/WordsTest.php", expected)


# -- beside tests that there are --------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_behind_the_other_tests_and_imported_with_their_names() -> None:
    guard = "\n\nif __name__ == '__main__':\n    main()\n"
    head = "from stat import (\n    median{},\n)\n\n\ndef test_median():\n    assert median([1]) == 1\n"
    expected = f"{head.format(', mean')}\n\ndef test_mean():\n{MEANT}{guard}"
    others = {"tests/test_stat.py": head.format("") + guard}
    await check("python", "stat.py", MEAN, MEANT, "tests/test_stat.py", expected, others=others)


@pytest.mark.asyncio
async def test_imported_where_it_was_not() -> None:
    there = '"""Of stat."""\n\nimport pytest\n\n\ndef test_a():\n    pytest.skip()\n'
    expected = there.replace("pytest\n\n", "pytest\nfrom stat import mean\n\n", 1) + f"\n\ndef test_mean():\n{MEANT}"
    await check("python", "stat.py", MEAN, MEANT, "test_stat.py", expected, others={"test_stat.py": there})


@pytest.mark.asyncio
async def test_in_the_class_of_the_others_with_their_line_breaks_and_a_number() -> None:
    there = (
        "import unittest\r\nimport stat\r\n\r\n\r\nclass StatTest(unittest.TestCase):\r\n"
        "    def test_mean(self):\r\n        self.assertEqual(1, 1)\r\n"
    )
    said = "    self.assertEqual(stat.mean([1]), 1)\n"
    expected = f"{there}\r\n    def test_mean_2(self):\r\n        self.assertEqual(stat.mean([1]), 1)\r\n"
    await check("python", "stat.py", MEAN, said, "test_stat.py", expected, others={"test_stat.py": there})


@pytest.mark.asyncio
async def test_in_a_group_of_go_imports() -> None:
    there = 'package words\n\nimport (\n\t"testing"\n)\n\nfunc TestIndex(t *testing.T) {\n\tt.Log(1)\n}\n'
    said = 'nil, ""); !reflect.DeepEqual(got, -1) {\n\t\tt.Error("x")\n\t}\n}\n'
    expected = there.replace('"testing"\n', '"testing"\n\t"reflect"\n')
    expected += f"\nfunc TestIndex2(t *testing.T) {{\n\tif got := Index({said}"
    await check("go", "words.go", INDEX, said, "words_test.go", expected, others={"words_test.go": there})


@pytest.mark.parametrize(
    ("marked", "begun"),
    [
        (INDEX, "\tif got := Index("),
        (INDEX.replace(") int", ") *words.List"), "\tif got := Index("),
        (INDEX.replace(") int", ") (int, error)"), ""),
        (INDEX.replace(") int", ")"), ""),
        (INDEX.replace("func In‸dex", "func (w Words) In‸dex"), ""),
    ],
)
@pytest.mark.asyncio
async def test_the_first_check_of_a_go_function_is_begun(marked: str, begun: str) -> None:
    said = begun.replace("\tif got := Index(", "1); got != 1 {\n\t\tt.Error()\n\t}") or "\tt.Error(Index())"
    _, _, generator = await written("go", "words.go", marked, f"{said}\n}}\n")
    assert generator.followed[0].answer.endswith(f"(t *testing.T) {{\n{begun}")


@pytest.mark.asyncio
async def test_in_the_only_describe() -> None:
    there = 'import { sub } from "./math.js";\n\ndescribe("m", () => {\n  it("s", () => {\n    expect(1);\n  });\n});\n'
    expected = there.replace("{ sub }", "{ sub, add }").removesuffix("});\n") + (
        '\n  it("add", () => {\n    expect(add(1, 2)).toBe(3);\n  });\n});\n'
    )
    others = {"src/math.test.js": there}
    await check("javascript", "src/math.js", ADD_JS, ADDED_JS, "src/math.test.js", expected, others=others)


@pytest.mark.asyncio
async def test_behind_several_describes() -> None:
    there = (
        'const { add } = require("./math");\ndescribe("a", () => {\n  f();\n});\ndescribe("b", () => {\n  f();\n});\n'
    )
    expected = f'{there}\ntest("add", () => {{\n{ADDED_JS}'
    await check("javascript", "math.js", ADD_JS, ADDED_JS, "math.spec.js", expected, others={"math.spec.js": there})


@pytest.mark.asyncio
async def test_in_the_specification() -> None:
    there = 'RSpec.describe Words do\n  it "x" do\n    expect(1).to eq(1)\n  end\nend\n'
    expected = there.removesuffix("end\n") + '\n  it "add" do\n    expect(Words.new.add(1, 2)).to eq(3)\n  end\nend\n'
    said = "  expect(Words.new.add(1, 2)).to eq(3)\nend\n"
    others = {"spec/words_spec.rb": there}
    await check("ruby", "lib/words.rb", ADD_RB, said, "spec/words_spec.rb", expected, others=others)


@pytest.mark.asyncio
async def test_in_the_module_of_rust() -> None:
    there = f"{ADD_RS}\n#[cfg(test)]\nmod tests {{\n    use super::*;\n\n    #[test]\n    fn a() {{\n    }}\n}}\n"
    expected = there.replace("‸", "").removesuffix("}\n") + (
        "\n    #[test]\n    fn test_add() {\n        assert_eq!(add(1, 2), 3);\n    }\n}\n"
    )
    await check("rust", "lib.rs", there, "    assert_eq!(add(1, 2), 3);\n}\n", "lib.rs", expected)


# -- what is asked, and what is taken ---------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_the_expert_sees_the_function_a_test_and_the_way_to_it() -> None:
    there = "import stat\n\n\ndef test_median():\n    assert stat.median([1]) == 1\n"
    said = MEANT.replace("mean(", "stat.mean(")
    _, _, generator = await written("python", "stat.py", MEAN, said, others={"test_stat.py": there})
    asked = generator.followed[0]
    assert "return sum(values)" in asked.asked
    assert "assert stat.median([1]) == 1" in asked.asked
    assert "`stat.mean`" in asked.asked
    assert asked.answer == "```python\ndef test_mean():\n"


@pytest.mark.asyncio
async def test_of_many_checks_the_first_stay_and_an_unfinished_one_does_not() -> None:
    many = "".join(f"    assert mean([{number}]) == {number}\n" for number in range(9))
    outcome, _, _ = await written("python", "stat.py", MEAN, Said(f"{many}    assert mean([1", False, "e"))
    assert outcome.changes[0].new_text.count("assert") == 2
    one = many.splitlines(keepends=True)[0]
    for finished in (True, False):
        outcome, _, _ = await written("python", "stat.py", MEAN, Said(f"{one}    assert mean([1", finished, "e"))
        assert outcome.changes[0].new_text.endswith(f":\n{one}")


@pytest.mark.asyncio
async def test_an_open_test_file_keeps_its_version_a_closed_one_its_text() -> None:
    there = "from stat import mean\n"
    outcome, _, _ = await written("python", "stat.py", MEAN, MEANT, others={"test_stat.py": there})
    assert [(each.version, each.expected) for each in outcome.changes] == [(None, there)]
    outcome, _, _ = await written(
        "python", "stat.py", MEAN, MEANT, others={"test_stat.py": there}, opened=["test_stat.py"]
    )
    assert [(each.version, each.expected) for each in outcome.changes] == [(1, "")]


@pytest.mark.asyncio
async def test_another_try_after_a_flaw() -> None:
    outcome, _, generator = await written("python", "stat.py", MEAN, "    assert 1 == 1\n", MEANT)
    assert MEANT in outcome.changes[0].new_text
    assert "it does not use mean" in generator.followed[1].asked


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (("    pass\n", "    x = mean([1])\n"), "it checks nothing"),
        (("    assert mean(\n", "    assert mean(\n"), "syntax error"),
        (("", ""), "it does not use mean"),
        (("```\nHere is a test for the function.\n", "    Sure, mean is easy to test!\n"), "nothing was changed"),
    ],
)
@pytest.mark.asyncio
async def test_refused_after_two_flaws(answers: tuple[str, str], reason: str) -> None:
    with pytest.raises(ActionRefused, match=reason):
        await written("python", "stat.py", MEAN, *answers)


@pytest.mark.asyncio
async def test_a_name_that_is_not_reached_is_a_flaw() -> None:
    with pytest.raises(ActionRefused, match=r"it does not write stat\.mean"):
        await written("python", "stat.py", MEAN, MEANT, MEANT, others={"test_stat.py": "import stat\n"})


@pytest.mark.asyncio
async def test_a_locked_file_is_named() -> None:
    with pytest.raises(ActionRefused, match=r"test_stat\.py"):
        await written(
            "python", "stat.py", MEAN, MEANT, others={"test_stat.py": "import stat\n"}, locked=["test_stat.py"]
        )


@pytest.mark.asyncio
async def test_a_file_that_vanished_meanwhile_is_named() -> None:
    class Vanished(ScriptedFiles):
        async def exists(self, uri: str) -> bool:
            return True

    at = place("python", MEAN, uri=f"{FOLDER}/stat.py")
    with pytest.raises(ActionRefused, match="test_stat"):
        await run(ACTION, at, ScriptedGenerator(MEANT), files=Vanished())


@pytest.mark.asyncio
async def test_a_function_that_is_too_long_is_refused() -> None:
    with pytest.raises(ActionRefused, match="mean is too long"):
        await written("python", "stat.py", MEAN + "    # long\n" * 400 + "    return 2\n")


@pytest.mark.asyncio
async def test_a_method_is_imported_with_its_type() -> None:
    marked = (
        "class Row:\n    def __init__(self, n):\n        self.n = n\n\n    def ‸get(self):\n        return self.n\n"
    )
    outcome, _, generator = await written("python", "row.py", marked, "    assert Row(1).get() == 1\n")
    assert outcome.changes[0].new_text.startswith("from row import Row\n")
    assert "def __init__(self, n)" in generator.followed[0].asked


@pytest.mark.asyncio
async def test_an_asynchronous_script_is_awaited() -> None:
    said = "  expect(await load()).toBe(1);\n});\n"
    for marked in (
        "export async function l‸oad() {\n  return 1;\n}\n",
        "export const l‸oad = async () => {\n  go();\n};\n",
    ):
        outcome, _, _ = await written("typescript", "a.ts", marked, said)
        assert 'test("load", async () => {' in outcome.changes[0].new_text
