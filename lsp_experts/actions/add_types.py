"""Add types to the parameters and the result of a function, where the language leaves them to the programmer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.files import Files
from lsp_experts.actions.holes import hole
from lsp_experts.actions.outcome import Change, Edited, Outcome
from lsp_experts.actions.place import Place
from lsp_experts.actions.type_words import BUILT_IN, type_of
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.errors import error_count
from lsp_experts.syntax.functions import Function, function_at
from lsp_experts.syntax.tree import SyntaxTree

_RESULT = "the result"
_STOP = Stop(max_tokens=40, max_lines=1)
_CALLABLE = re.compile(r"=>|\b(?:Callable|Function|Closure|callable|type)\b")
_ITERATED = re.compile(r"(?:\w+\.)?(?:Async)?(?:Generator|Iterator|Iterable)|iterable")
_RETURNS_NONE = re.compile(r"^\s*return(?:\s+None|\s.*\belse None)?\s*(?:#.*)?$", re.MULTILINE)
_DEFAULT = re.compile(r"[ \t]*=[ \t]*")


@dataclass(frozen=True)
class Slot:
    """A type that is missing: `before`, the type and `after` would take the place of `start` to `end`."""

    what: str  # the parameter's name
    start: int
    end: int
    before: str
    after: str = ""


def offers(place: Place, files: Files) -> tuple[Offer, ...]:
    """On a function with a type missing. "refactor.rewrite": what it does stays as it is."""
    function = place.function
    if function is None or not list(_slots(place, function)):
        return ()
    return (Offer(f"Add types to {function.name}", "refactor.rewrite"),)


async def run(job: Job) -> Outcome:
    """Ask for one type after the other, each behind those that were found; what is no type is left out."""
    place = job.place
    function = place.function
    slots = list(_slots(place, function)) if function is not None else []
    if function is None or not slots:
        raise ActionRefused("There is no function here with a type missing.", remedy="Put the cursor into one.")
    label = f"Add types to {function.name}"
    text, changes, missing = place.text, [], []
    for slot in slots:
        grown = len(text) - len(place.text)
        here = replace(slot, start=slot.start + grown, end=slot.end + grown)
        found = await _found(job, text, here, function)
        if not found:
            missing.append(slot.what)
            continue
        new_text = slot.before + found + slot.after
        text = text[: here.start] + new_text + text[here.end :]
        changes.append(Change.of(place.view, slot.start, slot.end, new_text, label))
    if not changes:
        raise ActionRefused(
            f"No type for {function.name} that this file knows: {', '.join(missing)}.",
            remedy="A larger expert may do better.",
        )
    note = f"Without a type: {', '.join(missing)}; none was found that this file knows." if missing else ""
    return Edited(label, tuple(changes), note)


ACTION = Action("addTypes", "fim", offers, run)


def _slots(place: Place, function: Function) -> Iterator[Slot]:
    """What has no type yet, from left to right."""
    if place.language not in BUILT_IN:
        return
    for each in function.parameters:
        if each.typed or each.type_at < 0:
            continue
        if place.language == "php":
            yield Slot(each.name, each.type_at, each.type_at, "", " ")
            continue
        default = _DEFAULT.match(place.text, each.type_at) if place.language == "python" else None
        yield (
            Slot(each.name, each.type_at, default.end(), ": ", " = ")  # as PEP 8 writes a default behind a type
            if default is not None
            else Slot(each.name, each.type_at, each.type_at, ": ")
        )
    if not function.returns_typed and function.return_at >= 0:
        arrow = " -> " if place.language == "python" else ": "
        yield Slot(_RESULT, function.return_at, function.return_at, arrow)


async def _found(job: Job, text: str, slot: Slot, function: Function) -> str:
    """The type for a slot of `text`, "" if there is none; asked again once, for several."""
    asked = hole(text, job.place.line_start(function.start), slot.start, slot.end, slot.before.rstrip())
    asked = replace(asked, suffix=slot.after + asked.suffix)
    for choices in (1, 3):
        said = await job.generator.fill(
            job.place.language, asked, _STOP, choices=choices, heal=True, progress=job.progress
        )
        for answer in (said.text, *said.others):
            found = _agreeing(job.place, function, slot, type_of(answer, job.place.tree))
            if found and _is_type(job.place, text, slot, found, function):
                return found
    return ""


def _agreeing(place: Place, function: Function, slot: Slot, found: str) -> str:
    """`found` as far as the function's text agrees; "" where it contradicts. A small expert overlooks such things."""
    header, body = place.text[function.start : function.body_start], place.text[function.body_start : function.body_end]
    python, typescript = place.language == "python", place.language.startswith("typescript")
    if not found:
        return ""
    if slot.what != _RESULT:
        called = re.search(rf"(?<![\w.]){re.escape(slot.what)}\(", body) is not None
        return "" if called and not _CALLABLE.search(found) else found
    if re.search(r"\byield\b", body):
        return found if _ITERATED.match(found) else ""
    if python and _RETURNS_NONE.search(body) and "None" not in found:
        return f"{found} | None"
    if typescript and re.search(r"\basync\b", header) and not found.startswith("Promise"):
        return f"Promise<{found}>"
    return found


def _is_type(place: Place, text: str, slot: Slot, found: str, function: Function) -> bool:
    """Whether the parser reads it as the type that was missing, and everything else as before."""
    tree = SyntaxTree(place.tree.language, text[: slot.start] + slot.before + found + slot.after + text[slot.end :])
    if tree.root is None or place.tree.root is None or error_count(tree.root) > error_count(place.tree.root):
        return False
    now = function_at(tree, function.start, function.start)
    if now is None or [each.name for each in now.parameters] != [each.name for each in function.parameters]:
        return False
    if slot.what == _RESULT:
        return now.returns_typed
    return any(each.typed for each in now.parameters if each.name == slot.what)
