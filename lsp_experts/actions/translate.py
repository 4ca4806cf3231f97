"""Translates the selection, or the function at the cursor, into the language of another open document."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.code_answer import block_of, code_of, opening_of, stop_of
from lsp_experts.actions.files import Files
from lsp_experts.actions.flaws import flaw
from lsp_experts.actions.generator import Said
from lsp_experts.actions.imports_to_add import import_edit, parted, used_standard
from lsp_experts.actions.insertion import Gap, behind_definitions, in_last_class, insertions
from lsp_experts.actions.outcome import Edited
from lsp_experts.actions.place import Place
from lsp_experts.actions.rewriting import shown
from lsp_experts.actions.stretch import Stretch, chosen, does_something
from lsp_experts.actions.test_writing.files import is_test_file
from lsp_experts.actions.two_tries import Asked, fit_answer
from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.shown_path import short_path
from lsp_experts.errors import ActionRefused
from lsp_experts.routing.languages import file_name
from lsp_experts.syntax.definitions import definitions
from lsp_experts.syntax.language_names import language_name
from lsp_experts.syntax.tree import SyntaxTree

# What is written is neither a change of the selection nor a new arrangement of it: no kind below "refactor" is meant.
KIND = "refactor"
_MOST_OFFERS = 3
_STYLE_CHARS = 80
_ALL_IN_CLASSES = frozenset({"csharp", "java"})
_CLASS = re.compile(r"^\s*(?:[a-z]+ )*(?:class|enum|interface|record|struct)\b", re.MULTILINE)
# Languages by what is written in them; there is no translation from one sort into another.
_SORTS: Mapping[str, str] = MappingProxyType(
    {
        language: sort
        for sort, languages in {
            "program": "c cpp crystal csharp dart elixir go groovy haskell java javascript javascriptreact julia "
            "kotlin lua nim ocaml perl php powershell python r ruby rust scala shellscript swift typescript "
            "typescriptreact zig",
            "styles": "css less sass scss",
            "data": "json jsonc toml yaml",
        }.items()
        for language in languages.split()
    }
)
_SAME = (
    frozenset({"javascript", "javascriptreact"}),
    frozenset({"typescript", "typescriptreact"}),
    frozenset({"json", "jsonc"}),
)


def offers(place: Place, files: Files) -> tuple[Offer, ...]:
    """One for each language of the other open documents, into the one that was used last; into tests, only if there is
    no other.
    """
    if place.language not in _SORTS or _stretch(place) is None:
        return ()
    found: dict[str, Offer] = {}
    for view in sorted(files.open(), key=lambda each: _is_test(each, files)):
        language = files.language_of(view.uri)
        if view.uri != place.view.uri and "#" not in view.uri and _translates(place.language, language):
            title = f"Translate to {language_name(language)}, into {file_name(view.uri)}"
            found.setdefault(language, Offer(title, KIND, {"into": view.uri}))
    return tuple(found.values())[:_MOST_OFFERS]


def _is_test(view: DocumentView, files: Files) -> bool:
    return is_test_file(view.uri, files.language_of(view.uri), files.folder_uri)


def _stretch(place: Place) -> Stretch | None:
    stretch = chosen(place)
    return stretch if stretch is not None and does_something(place.tree, stretch) else None


async def run(job: Job) -> Edited:
    """The translation, behind the last definition of the other document. The selection stays as it is."""
    place, stretch, into = job.place, _stretch(job.place), job.data.get("into")
    if stretch is None or not isinstance(into, str):
        raise ActionRefused(
            "There is nothing to translate here.", remedy="Select code, and open the file it shall go to."
        )
    name, language = file_name(into), job.files.language_of(into)
    if not _translates(place.language, language):
        raise ActionRefused(
            f"{language_name(place.language)} is not translated into {language_name(language)} ({name})."
        )
    view = await job.files.read(into)
    if not await job.files.writable(into):
        raise ActionRefused(f"{name} cannot be written.", remedy="Make it writable, or open another file.")
    tree = SyntaxTree(language, view.text)
    imports, code = await _translated(job, stretch, tree, view)
    gap, standard = _gap(tree, code), used_standard(tree, code, imports)
    added = import_edit(tree, (*imports, *standard))
    edits = [*([added] if added is not None else []), (gap.offset, gap.written(tree, code))]
    label = f"Translate {stretch.name} to {language_name(language)}, into {name}"
    return Edited(label, insertions(view, edits, label))


async def _translated(job: Job, stretch: Stretch, tree: SyntaxTree, view: DocumentView) -> tuple[tuple[str, ...], str]:
    """(imports, code) of an answer that is fit."""
    place, language, name = job.place, tree.language, file_name(view.uri)
    source = shown(place.text[stretch.start : stretch.end])
    known = _names(language, tree.text)
    unwanted = {} if "main" in source else {("", "main"): None}  # it would show how the translation is used

    def read(said: Said) -> tuple[tuple[tuple[str, ...], str], str, str]:
        answer = code_of(said.text, language)
        imports, code = parted(language, answer)
        code = _without_copies(language, code, known | unwanted)
        if stretch.name != Stretch.name:
            code = code[: behind_definitions(SyntaxTree(language, code)).offset]  # without an example of its use
        twice = [name for name in _names(language, code) if name in known]
        found = "it did not come to an end" if not said.finished else ""
        found = found or (f"it defines {twice[0][1]}, which {name} does already" if twice else "")
        gap = _gap(tree, code)
        found = found or flaw(tree, gap.offset, gap.offset, gap.written(tree, code) if code else "")
        return (imports, code), answer, found

    question = _question(place.language, source, tree, short_path(view.uri))
    again = "Answer with the translation of the given code only."
    asked = Asked(language, question, opening_of(source, language), stop_of(source), read, again)
    return await fit_answer(asked, job.generator, job.progress)


def _names(language: str, code: str) -> dict[tuple[str, str], None]:
    """What it defines, with the owners, in order."""
    return dict.fromkeys((each.owner, each.name) for each in definitions(SyntaxTree(language, code)))


def _without_copies(language: str, code: str, known: Collection[tuple[str, str]]) -> str:
    """Without definitions that the other document has, unless there is nothing else: a small expert repeats what it is
    shown.
    """
    tree = SyntaxTree(language, code)
    nodes = tree.root.named_children if tree.root is not None else []
    copies = [node for node in nodes if (names := _names(language, tree.source(node))) and names.keys() <= set(known)]
    if len(copies) == len(nodes):
        return code
    for start, end in reversed([tree.span(node) for node in copies]):
        code = code[:start] + code[end:].lstrip("\n")
    return code.strip("\n")


def _gap(tree: SyntaxTree, code: str) -> Gap:
    """Where the translation goes: functions into a class, where there are none outside of classes."""
    in_class = in_last_class(tree) if tree.language in _ALL_IN_CLASSES and not _CLASS.search(code) else None
    return in_class or behind_definitions(tree)


def _question(language: str, source: str, tree: SyntaxTree, path: str) -> str:
    name, style = language_name(tree.language), _style(tree)
    beside = f" It goes into {path}, beside {style}." if style else ""
    return (
        f"{block_of(source, language)}\n\nTranslate this {language_name(language)} code to {name}.{beside}"
        f" Answer with the {name} code only."
    )


def _style(tree: SyntaxTree) -> str:
    """How the text defines things, by example. In a sentence: a block of code is repeated rather than followed."""
    lines = [each.line for each in definitions(tree) if len(each.line) <= _STYLE_CHARS and "`" not in each.line]
    return " and ".join(f"`{line}`" for line in lines[-2:])


def _translates(language: str, other: str) -> bool:
    sort = _SORTS.get(language)
    same = any({language, other} <= group for group in _SAME)
    return language != other and not same and sort is not None and sort == _SORTS.get(other)


ACTION = Action("translate", "instruct", offers, run)
