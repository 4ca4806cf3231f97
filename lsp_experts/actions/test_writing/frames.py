"""What a test looks like in a text that holds tests: how it begins and ends, what its framework is, and where it goes.

Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from tree_sitter import Node

from lsp_experts.actions.insertion import Gap, behind, in_last_class, inside
from lsp_experts.syntax.functions import Function, functions
from lsp_experts.syntax.tree import SyntaxTree

_TITLED = frozenset({"javascript", "typescript"})
_ONE_RESULT = re.compile(r"\)[ \t]*(?:\*|\[\w*\])*\w[\w.]*[ \t]*\{\s*$")
_MAIN_GUARD = re.compile(r"^if __name__\b", re.MULTILINE)


@dataclass(frozen=True)
class Frame:
    """`opening` are the lines that a new test begins with, `closing` is the one that it ends with ("": by dedent).
    `begun`: how its first check begins; a table of cases is too much for a small expert.
    """

    name: str
    framework: str
    opening: str
    closing: str
    gap: Gap
    begun: str = ""


def frame_for(tree: SyntaxTree, function: Function, header: str) -> Frame | None:
    """The frame of a new test of `function`, which begins with `header`, in the text of `tree`; None where that text
    has no place for it. The test's name is a new one there.
    """
    make = _MAKERS.get(tree.language)
    if make is None or tree.root is None:
        return None
    for count in range(1, 100):
        frame = make(tree, tree.root, _name_for(tree.language, function, count))
        if frame is None or not _is_taken(tree, frame.name):
            return _as_called(frame, tree, function, header) if frame is not None else None
    return None


def _as_called(frame: Frame, tree: SyntaxTree, function: Function, header: str) -> Frame:
    if tree.language in _TITLED and re.search(r"\basync\b", header):
        return replace(frame, opening=frame.opening.replace("() =>", "async () =>"))
    if tree.language == "go" and not function.owner and _ONE_RESULT.search(header) and "[]struct" not in tree.text:
        return replace(frame, begun=f"\tif got := {function.name}(")
    return frame


def _name_for(language: str, function: Function, count: int) -> str:
    bare = function.name.strip("_?!=$") or function.name
    owner = function.owner
    number = str(count) if count > 1 else ""
    if language == "go":
        return f"Test{_upper(owner)}{'_' if owner else ''}{_upper(bare)}{number}"
    if language in ("java", "php"):
        return f"test{_upper(bare)}{number}"
    if language in _TITLED:
        return f"{owner}.{bare} {number}".strip(" .") if owner else f"{bare} {number}".strip()
    return f"test_{bare}{'_' if number else ''}{number}"


def _upper(name: str) -> str:
    return name[:1].upper() + name[1:]


def _is_taken(tree: SyntaxTree, name: str) -> bool:
    if tree.language in _TITLED or " " in name:
        return re.search(rf"""["'`]{re.escape(name)}["'`]""", tree.text) is not None
    return any(each.name == name for each in functions(tree))


# -- one per language -------------------------------------------------------------------------------------------------


def _python(tree: SyntaxTree, root: Node, name: str) -> Frame:
    guard = _MAIN_GUARD.search(tree.text)
    end = behind(tree, guard.start() if guard else len(tree.text))
    defined = [node.named_children[-1] if node.type == "decorated_definition" else node for node in root.named_children]
    classes = [node for node in defined if node.type == "class_definition" and _holds_tests(tree, node)]
    loose = any(node.type == "function_definition" and _is_named(tree, node, "test") for node in defined)
    if loose or not classes:
        return Frame(name, "pytest", f"def {name}():", "", end)
    last = classes[-1]
    start, stop = tree.span(last)
    methods = [each for each in functions(tree) if start < each.start < stop]
    margin = methods[-1].indent if methods else "    "
    gap = replace(behind(tree, stop), blank_lines=1 if methods else 0, margin=margin)
    framework = "unittest" if "TestCase" in tree.source(last).partition(":")[0] else "pytest"
    return Frame(name, framework, f"def {name}(self):", "", gap)


def _holds_tests(tree: SyntaxTree, node: Node) -> bool:
    return "TestCase" in tree.source(node).partition(":")[0] or _is_named(tree, node, "Test")


def _is_named(tree: SyntaxTree, node: Node, start: str) -> bool:
    name = node.child_by_field_name("name")
    return name is not None and tree.source(name).startswith(start)


def _go(tree: SyntaxTree, root: Node, name: str) -> Frame:
    return Frame(name, "Go's testing package", f"func {name}(t *testing.T) {{", "}", behind(tree, len(tree.text)))


def _rust(tree: SyntaxTree, root: Node, name: str) -> Frame | None:
    modules = [node for node in root.named_children if node.type == "mod_item" and _is_named(tree, node, "test")]
    body = modules[-1].child_by_field_name("body") if modules else None
    if body is None:
        return None
    return Frame(name, "Rust's own test framework", f"#[test]\nfn {name}() {{", "}", inside(tree, body))


def _scripts(tree: SyntaxTree, root: Node, name: str) -> Frame:
    described = [body for node in root.named_children if (body := _described(tree, node)) is not None]
    gap = inside(tree, described[0]) if len(described) == 1 else behind(tree, len(tree.text))
    its, tests = (len(re.findall(rf"^\s*{word}\(", tree.text, re.MULTILINE)) for word in ("it", "test"))
    word = "it" if its > tests else "test"
    frameworks = {"vitest": "Vitest", "node:test": "node:test", "chai": "Mocha and chai", "mocha": "Mocha"}
    found = next((told for module, told in frameworks.items() if re.search(rf"[\"']{module}[\"']", tree.text)), "Jest")
    return Frame(name, found, f'{word}("{name}", () => {{', "});", gap)


def _described(tree: SyntaxTree, node: Node) -> Node | None:
    """The body of a `describe` call."""
    call = node.named_children[0] if node.type == "expression_statement" and node.named_children else None
    called = call.child_by_field_name("function") if call is not None else None
    arguments = call.child_by_field_name("arguments") if call is not None else None
    if called is None or arguments is None or tree.source(called) != "describe" or not arguments.named_children:
        return None
    body = arguments.named_children[-1].child_by_field_name("body")
    return body if body is not None and body.type == "statement_block" else None


def _java(tree: SyntaxTree, root: Node, name: str) -> Frame | None:
    gap = in_last_class(tree)
    public = "public " if "org.junit.Test" in tree.text or re.search(r"@Test\s+public\b", tree.text) else ""
    framework = "JUnit 4" if "org.junit.Test" in tree.text else "JUnit 5"
    return Frame(name, framework, f"@Test\n{public}void {name}() {{", "}", gap) if gap is not None else None


def _php(tree: SyntaxTree, root: Node, name: str) -> Frame | None:
    gap = in_last_class(tree)
    return Frame(name, "PHPUnit", f"public function {name}(): void\n{{", "}", gap) if gap is not None else None


def _ruby(tree: SyntaxTree, root: Node, name: str) -> Frame | None:
    for node in reversed(root.named_children):
        block = node.child_by_field_name("block")
        if node.type == "call" and block is not None and "describe" in tree.source(node).partition("\n")[0]:
            title = name.removeprefix("test_").replace("_", " ")
            return Frame(title, "RSpec", f'it "{title}" do', "end", inside(tree, block))
        if node.type == "class":
            return Frame(name, "Minitest", f"def {name}", "end", inside(tree, node))
    return None


_MAKERS: Mapping[str, Callable[[SyntaxTree, Node, str], Frame | None]] = MappingProxyType(
    {
        "python": _python,
        "go": _go,
        "rust": _rust,
        "javascript": _scripts,
        "typescript": _scripts,
        "java": _java,
        "php": _php,
        "ruby": _ruby,
    }
)
