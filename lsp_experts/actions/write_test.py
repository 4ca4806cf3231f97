"""Writes a test for the function at the cursor, next to the tests that there are."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.code_answer import block_of, opening_of
from lsp_experts.actions.files import Files
from lsp_experts.actions.flaws import flaw
from lsp_experts.actions.generator import Said
from lsp_experts.actions.imports_to_add import import_edit, standing_imports, used_standard
from lsp_experts.actions.insertion import insertions
from lsp_experts.actions.outcome import Change, Edited
from lsp_experts.actions.place import Place
from lsp_experts.actions.test_writing.body import MOST_CHECKS, example, flaw_of_test, tests_in
from lsp_experts.actions.test_writing.files import has_usage, is_test_file, places_of_tests
from lsp_experts.actions.test_writing.frames import Frame, frame_for
from lsp_experts.actions.test_writing.imports import Reach, Subject, reach, relative_path
from lsp_experts.actions.test_writing.skeletons import RUST_MODULE, Surroundings, skeleton
from lsp_experts.actions.two_tries import Asked, fit_answer
from lsp_experts.completion.document import DocumentView, plain_newlines
from lsp_experts.completion.exclusion import path_of
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused
from lsp_experts.routing.languages import file_name
from lsp_experts.syntax.definitions import definitions
from lsp_experts.syntax.function_nodes import FUNCTIONS
from lsp_experts.syntax.functions import Function
from lsp_experts.syntax.lines import line_break
from lsp_experts.syntax.tree import SyntaxTree

KIND = "refactor"  # gopls says "source.addTest"; but editors leave "source" out of the menu at the cursor
_STOP = Stop(max_tokens=280, max_lines=40, texts=("\n```",))
_MOST_CHARS = 2400  # of the function and its type, as the expert sees them
_MAX_IMPORT_LINES = 8
_MAX_MEMBERS = 12


@dataclass(frozen=True)
class _Home:
    """Where the test goes: `tree` is of the text as it is without the test, of which `stands` is on the disk."""

    view: DocumentView
    tree: SyntaxTree
    stands: str
    creates: bool = False


def offers(place: Place, files: Files) -> tuple[Offer, ...]:
    """One, in a function with a body that is no test itself, in a file of a language whose usage is known."""
    function = _function(place, files)
    return (Offer(f"Write a test for {function.name}", KIND),) if function is not None else ()


async def run(job: Job) -> Edited:
    """One test, and the import that it needs."""
    function = _function(job.place, job.files)
    if function is None:
        raise ActionRefused("There is no function to test here.", remedy="Go to a function that is no test itself.")
    subject = await _subject(job, function)
    home = await _home(job, function, subject)
    if not await job.files.writable(home.view.uri):
        raise ActionRefused(f"{file_name(home.view.uri)} cannot be written.", remedy="Make it writable.")
    header = job.place.text[function.start : function.body_start if function.body_start >= 0 else function.end]
    frame, reached = frame_for(home.tree, function, header), reach(home.tree, subject)
    if frame is None:
        raise ActionRefused(f"It cannot be told where a test would stand in {file_name(home.view.uri)}.")
    test = await _written(job, function, home.tree, frame, reached or Reach(subject.name))
    label = f"Test {function.name}, in {file_name(home.view.uri)}"
    note = "" if reached else f"{file_name(home.view.uri)} does not import {subject.name} yet."
    return Edited(label, _changes(home, frame, test, reached, label), note)


# -- where -------------------------------------------------------------------------------------------------------------


def _function(place: Place, files: Files) -> Function | None:
    uri, language = place.view.uri, place.language
    if place.origin or not has_usage(language) or not places_of_tests(uri, language, files.folder_uri):
        return None
    function = place.function
    if function is None or function.stub or is_test_file(uri, language, files.folder_uri):
        return None
    if function.body_start < 0 and "=>" not in place.text[function.start : function.end]:
        return None
    outer = place.text[function.outer_start : function.start]
    if function.name == "main":  # where a program begins; it gives nothing back that a test could look at
        return None
    is_test = function.name.startswith(("test_", "Test")) or "#[test]" in outer or "@Test" in outer
    return None if is_test or _is_nested(place.tree, function) else function


def _is_nested(tree: SyntaxTree, function: Function) -> bool:
    """Whether it stands in another function: no test reaches it."""
    node = tree.node_at(function.start, function.end)
    while node is not None:
        start, end = tree.span(node)
        if node.type in FUNCTIONS and (start < function.start or end > function.end):
            return True
        node = node.parent
    return False


async def _subject(job: Job, function: Function) -> Subject:
    uri, files = job.place.view.uri, job.files
    folder, _, name = uri.rpartition("/")
    stem = name.partition(".")[0]
    module = "" if stem == "__init__" else stem
    inside = f"{files.folder_uri}/"
    while job.place.language == "python" and folder.startswith(inside) and await files.exists(f"{folder}/__init__.py"):
        folder, _, package = folder.rpartition("/")
        module = f"{package}.{module}" if module else package
    return Subject(function.owner or function.name, module.rpartition(".")[2], module)


async def _home(job: Job, function: Function, subject: Subject) -> _Home:
    place, files = job.place, job.files
    uris = places_of_tests(place.view.uri, place.language, files.folder_uri)
    if place.language == "rust":
        return _rust_home(place)
    new = ""
    for uri in uris:
        if await files.exists(uri):
            view = await files.read(uri)
            if not view.text.strip():
                return _Home(view, await _skeleton(job, uri, subject), view.text)
            return _Home(view, SyntaxTree(place.language, view.text), view.text)
        if not new and await files.writable(uri):
            new = uri
    uri = new or uris[0]
    return _Home(DocumentView(uri, place.language, -1, ""), await _skeleton(job, uri, subject), "", creates=True)


def _rust_home(place: Place) -> _Home:
    """The file itself, with a module for tests at its end."""
    text = place.text
    if "#[cfg(test)]" not in text:
        newline = line_break(text, 0)
        text = text.rstrip() + newline * 2 + RUST_MODULE.replace("\n", newline)
    return _Home(place.view, SyntaxTree("rust", text), place.text)


async def _skeleton(job: Job, uri: str, subject: Subject) -> SyntaxTree:
    """A file for tests at `uri` before the first one stands in it."""
    place, files = job.place, job.files
    others = (view.text for view in files.open() if is_test_file(view.uri, place.language, files.folder_uri))
    stem = file_name(uri).rpartition(".")[0]
    around = Surroundings(place.text, next(others, ""), await _package_json(job), stem)
    there = replace(subject, path=relative_path(path_of(uri), path_of(place.view.uri)))
    return SyntaxTree(place.language, skeleton(place.language, there, around))


async def _package_json(job: Job) -> str:
    uri = f"{job.files.folder_uri}/package.json"
    if job.place.language not in ("javascript", "typescript") or not await job.files.exists(uri):
        return ""
    try:
        return (await job.files.read(uri)).text
    except ActionRefused:  # then nothing is known of it
        return ""


# -- what --------------------------------------------------------------------------------------------------------------


async def _written(job: Job, function: Function, tree: SyntaxTree, frame: Frame, reached: Reach) -> str:
    """A test that is fit."""
    language, gap = job.place.language, frame.gap

    def read(said: Said) -> tuple[str, str, str]:
        test = found = ""
        body = frame.begun + plain_newlines(said.text)
        for test in tests_in(frame.opening, body, frame.closing, finished=said.finished):
            found = flaw_of_test(test, frame.opening, function.name, reached.call)
            found = found or flaw(tree, gap.offset, gap.offset, gap.written(tree, test))
            if not found:
                break
        return test, test, found

    question = _question(job.place, function, tree, frame, reached)
    opening = f"{opening_of('', language)}{frame.opening}\n{frame.begun}"
    return await fit_answer(
        Asked(language, question, opening, _STOP, read, "Write the test again."), job.generator, job.progress
    )


def _question(place: Place, function: Function, tree: SyntaxTree, frame: Frame, reached: Reach) -> str:
    code = textwrap.dedent(plain_newlines(place.text[function.outer_start : function.end]))
    if len(code) > _MOST_CHARS:
        raise ActionRefused(f"{function.name} is too long for an expert's context.", remedy="Split it, or test a part.")
    said = f"{block_of(code, place.language)}\n\n"
    members = [
        f"    {each.line}" if each.owner else each.line
        for each in definitions(place.tree)
        if function.owner and function.owner in (each.name, each.owner)
    ]
    if members:
        said += f"{function.owner} has:\n\n{block_of(chr(10).join(members[:_MAX_MEMBERS]), place.language)}\n\n"
    imports = [line for node in standing_imports(tree) for line in tree.source(node).splitlines()][:_MAX_IMPORT_LINES]
    shown = example(plain_newlines(tree.text))
    if shown:
        head = "\n".join((*imports, "", "")) if imports else ""
        said += f"Its tests look like this one:\n\n{block_of(f'{head}{shown}', place.language)}\n\n"
    named = "" if reached.call in (function.name, function.owner) else f" It is called `{reached.call}` there."
    return (
        f"{said}Write a short test of `{function.name}` with {frame.framework}: {MOST_CHECKS} checks with short inputs,"
        f" for which it is obvious what `{function.name}` returns.{named}"
    )


def _changes(home: _Home, frame: Frame, test: str, reached: Reach | None, label: str) -> tuple[Change, ...]:
    tree, view = home.tree, home.view
    imports = (reached.edit if reached else None, import_edit(tree, used_standard(tree, test)))
    edits = [*(edit for edit in imports if edit is not None), (frame.gap.offset, frame.gap.written(tree, test))]
    changes = insertions(view, edits, label)
    if home.stands == tree.text:
        return changes
    text = tree.text
    for change in reversed(changes):
        text = text[: change.start] + change.new_text + text[change.end :]
    start = len(home.stands.rstrip())  # what stands there is the beginning of the text
    one = insertions(view, [(start, text[start:])], label)[0]
    return (replace(one, end=len(home.stands), creates=home.creates),)


ACTION = Action("writeTest", "instruct", offers, run)
