"""Document a function that has no documentation, as the other functions of the file are documented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.body_gap import body_margin
from lsp_experts.actions.comment_text import comment_of, may_have_sections, words_of
from lsp_experts.actions.files import Files
from lsp_experts.actions.flaws import flaw, repeats_itself
from lsp_experts.actions.generator import Hole
from lsp_experts.actions.holes import hole
from lsp_experts.actions.outcome import Change, Edited, Outcome
from lsp_experts.actions.place import Place
from lsp_experts.completion.document import plain_newlines
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.documentation import Convention, convention, usual_convention
from lsp_experts.syntax.functions import Function, functions
from lsp_experts.syntax.lines import line_break, line_round
from lsp_experts.syntax.tree import SyntaxTree

_MOST_TOKENS = 240
_MOST_LINES = 16
_SHOWN_CHARS = 700  # of a function that is shown beside what stands round the hole
_LEAST_WORDS = 2
_STATEMENTS = ("block", "expression_statement")
_CODE_CHARS = 10  # of a line, from which on it says more than a bracket
_HINT = "A larger expert may do better."


@dataclass(frozen=True)
class Blank:
    """Where the comment goes: at `at`, between line breaks as they are missing there, each line behind `margin`."""

    function: Function
    convention: Convention
    at: int
    margin: str


def offers(place: Place, files: Files) -> tuple[Offer, ...]:
    """On a function without documentation. "refactor.rewrite": there is no kind for comments, and most clients show
    only those that LSP names.
    """
    blank = _blank(place, usual_convention(place.tree.language))  # the file's own takes long to find
    return (Offer(_title(blank.function), "refactor.rewrite"),) if blank is not None else ()


async def run(job: Job) -> Outcome:
    """Ask for what stands between the marks of a comment; the marks are written here. Only a comment comes of it."""
    place = job.place
    blank = _blank(place, convention(place.tree))
    if blank is None:
        raise ActionRefused("There is no function without documentation here.", remedy="Put the cursor into one.")
    why = ""
    begun = f"{blank.function.name} " if blank.convention.style == "godoc" else ""
    for choices in (1, 3):
        said = await job.generator.fill(
            place.language,
            _hole(place, blank, begun),
            _stop(place, blank),
            choices=choices,
            heal=True,
            progress=job.progress,
        )
        for text in (said.text, *said.others):
            whole = text if said.finished else text.rpartition("\n")[0]
            new_text = _in_place(place, blank, begun + whole)
            wrong = _flaw(place, blank, new_text)
            if not wrong:
                label = _title(blank.function)
                change = Change.of(place.view, blank.at, blank.at, new_text, label)
                return Edited(label, (change,))
            why = why or wrong
    raise ActionRefused(
        f"No documentation for {blank.function.name} that is of any use: {why}.",
        remedy=_HINT,
    )


ACTION = Action("writeDocstring", "fim", offers, run)


def _title(function: Function) -> str:
    return f"Document {function.name}"


def _blank(place: Place, usage: Convention | None) -> Blank | None:
    function = place.function
    if function is None or usage is None or function.documentation is not None:
        return None
    text = place.text
    if usage.above:
        line = place.line_start(function.outer_start)
        return None if text[line : function.outer_start].strip() else Blank(function, usage, line, function.indent)
    if function.body_start < 0:
        return None
    _, header_end = line_round(text, function.body_start)
    comment = text[function.body_start : header_end].strip()
    if comment and not comment.startswith("#"):
        return None  # the body stands in the header's line
    return Blank(function, usage, header_end, body_margin(place.tree, function))


# -- what is asked ----------------------------------------------------------------------------------------------------


def _hole(place: Place, blank: Blank, begun: str) -> Hole:
    """The function, the comment opened in front of the hole and closed behind it.

    Where the comment stands above it, the function is shown once more before: what only follows the hole is read less
    well than what stands before it, and a small expert then rather repeats the comment of another one.
    """
    text, function, usage, margin = place.text, blank.function, blank.convention, blank.margin
    opened = {
        "docstring": f"\n{margin}{usage.opening}",
        "block": f"{margin}{usage.opening}\n{margin}{usage.line_prefix}",
        "line": margin + usage.line_prefix + begun,
    }[usage.kind]
    closed = {"docstring": usage.closing, "block": f"\n{margin}{usage.closing}\n", "line": "\n"}[usage.kind]
    shown = place.line_start(function.start) if usage.kind == "docstring" else blank.at
    found = hole(text, shown, blank.at, blank.at, opened)
    before = f"{plain_newlines(text[blank.at : function.end][:_SHOWN_CHARS])}\n\n" if usage.above else ""
    head = _example(place.tree, blank, found) + found.head + before
    return replace(found, head=head, suffix=closed + found.suffix)


def _example(tree: SyntaxTree, blank: Blank, shown: Hole) -> str:
    """A function of the file that is documented, for its style, where what is shown holds none."""
    for each in functions(tree):
        if each.documentation is None:
            continue
        comment = plain_newlines(tree.text[slice(*each.documentation)])
        if comment in shown.head or comment in shown.suffix:
            return ""
        example = plain_newlines(tree.text[each.outer_start : each.end])
        if len(example) <= _SHOWN_CHARS:
            return example + "\n\n"
    return ""


def _stop(place: Place, blank: Blank) -> Stop:
    """Up to the closing mark, or to where the function's own first line is written."""
    closing = blank.convention.closing.strip()
    lines = _MOST_LINES if may_have_sections(blank.convention) else _MOST_LINES // 4
    return Stop(
        max_tokens=_MOST_TOKENS,
        max_lines=lines,
        texts=(closing,) if closing else ("\n\n",),
        rejoin=_first_line(place, blank),
    )


def _first_line(place: Place, blank: Blank) -> str:
    start, end = line_round(place.text, blank.at)
    return place.text[start:end] if blank.convention.above else ""


# -- what may come of it ----------------------------------------------------------------------------------------------


def _in_place(place: Place, blank: Blank, answer: str) -> str:
    names = [each.name for each in blank.function.parameters]
    words = words_of(answer, blank.convention, names)
    if not words:
        return ""
    comment = comment_of(words, blank.convention, blank.margin)
    placed = f"{comment}\n" if blank.convention.above else f"\n{comment}"
    return placed.replace("\n", line_break(place.text, blank.at))


def _flaw(place: Place, blank: Blank, new_text: str) -> str:
    """Why it is no documentation. The code round it has to be read as it was."""
    words = [word for word in new_text.split() if any(letter.isalpha() for letter in word)]
    if len([word for word in words if word != blank.function.name]) < _LEAST_WORDS:
        return "it says nothing"
    body = {line.strip() for line in place.text[blank.function.start : blank.function.end].splitlines()}
    if any(len(line) > _CODE_CHARS and line in body for line in _bare_lines(new_text, blank.convention)):
        return "it repeats the code"
    if repeats_itself(" ".join(words)):
        return "it repeats itself"
    if wrong := flaw(place.tree, blank.at, blank.at, new_text):
        return wrong
    text = place.text[: blank.at] + new_text + place.text[blank.at :]
    now = SyntaxTree(place.tree.language, text)
    inserted = range(now.byte(blank.at), now.byte(blank.at + len(new_text)))
    if list(_code(now, inserted)) != list(_code(place.tree, range(0))):
        return "it is not a comment only"
    return ""


def _bare_lines(comment: str, usage: Convention) -> Iterator[str]:
    for line in comment.splitlines():
        bare = line.strip().removeprefix(usage.opening).removesuffix(usage.closing.strip())
        yield bare.removeprefix(usage.line_prefix.strip()).strip()


def _code(tree: SyntaxTree, inserted: range) -> Iterator[str]:
    """The tokens of the code, without comments, and without a string that stands for one in `inserted`."""
    waiting: list[Node] = [tree.root] if tree.root is not None else []
    while waiting:
        node = waiting.pop()
        if "comment" in node.type:
            continue
        if node.type == "string" and node.start_byte in inserted and node.parent and node.parent.type in _STATEMENTS:
            continue
        if node.child_count:
            waiting += reversed(node.children)
        elif source := tree.source(node).strip():
            yield source
