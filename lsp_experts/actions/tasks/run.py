"""A task: split, ordered, done step by step, and proposed as one edit that the user says yes to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from lsp_experts.actions.choosing import PULL_INSTRUCT
from lsp_experts.actions.files import Files
from lsp_experts.actions.generator import Generator, Progress
from lsp_experts.actions.instruction import shortened
from lsp_experts.actions.narrowing import narrowed
from lsp_experts.actions.outcome import Change, Edited
from lsp_experts.actions.permission import check_permission
from lsp_experts.actions.place import Place
from lsp_experts.actions.rewriting import rewritten
from lsp_experts.actions.stretch import Stretch
from lsp_experts.actions.tasks.by_interpreter import ask_interpreter
from lsp_experts.actions.tasks.clauses import MAX_CHARS
from lsp_experts.actions.tasks.joined import Rewrites
from lsp_experts.actions.tasks.new_file import write_file
from lsp_experts.actions.tasks.order import ordered, swaps
from lsp_experts.actions.tasks.portion import portion
from lsp_experts.actions.tasks.split import MAX_STEPS, Step, Target, is_sure, split
from lsp_experts.actions.tasks.targets import find_targets, tree_of
from lsp_experts.completion.document import DocumentView
from lsp_experts.errors import ActionRefused, ExpertsError
from lsp_experts.settings import Settings

_POINTS_ELSEWHERE = re.compile(r"\b(?:it|its|they|them|their|those|these|the same)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Plan:
    """The steps in the order in which they are done, and what to tell about how that came."""

    steps: tuple[Step, ...]
    how: str
    swaps: int


@dataclass
class _Work:
    """One file while steps are done on it. `view` None: it does not exist yet."""

    target: Target
    view: DocumentView | None
    rewrites: Rewrites
    selected: Stretch | None = None  # what the user selected, in the text as it is by now
    done: list[str] = field(default_factory=list)


class Tasks:
    """Does tasks with these files and experts; nothing is changed by it."""

    def __init__(self, files: Files, generator: Generator, settings: Callable[[], Settings]) -> None:
        self._files, self._generator, self._settings = files, generator, settings

    async def run(self, view: DocumentView, start: int, end: int, instruction: str, progress: Progress) -> Edited:
        """All changes of the task, for the user to confirm. `view`: the document the user works in; `start` to `end`
        is selected there, or nothing.

        ActionRefused where no step can be done, with the reason of each.
        """
        check_permission(view, self._settings())
        tree = tree_of(view.uri, self._files.language_of(view.uri), view.text)
        place = Place(view, tree, self._files.language_of(view.uri), start, end)
        instruction = instruction.strip()
        if not instruction:
            raise ActionRefused("The task is empty.", remedy="Say what is to be changed, and in which files.")
        if len(instruction) > MAX_CHARS:
            raise ActionRefused(f"The task has more than {MAX_CHARS:,} characters.", remedy="Split it in two.")
        if not self._generator.can_follow(place.language):
            raise ActionRefused("No installed expert follows instructions.", remedy=PULL_INSTRUCT)
        targets = await find_targets(instruction, place.view, self._files)
        plan = await self._plan(place, instruction, targets, progress)
        by_uri = {target.uri: target for target in targets}
        works: dict[str, _Work] = {}
        refused: list[str] = []
        for number, step in enumerate(plan.steps, 1):
            target = by_uri[step.uri]
            saying = f"step {number} of {len(plan.steps)}: {target.path}"
            progress(saying)
            try:
                work = works.get(step.uri) or await self._begin(target, place)
                works[step.uri] = await self._do(work, step, _told(instruction, step, plan), _within(saying, progress))
            except ExpertsError as error:
                refused.append(f"{target.path}: {error.message}")
        changes = tuple(change for work in works.values() for change in _changes(work))
        if not changes:
            raise ActionRefused(
                f"Nothing came of the task. {_sentence('; '.join(refused) or 'every step left its file as it was')}",
                remedy="Name a function or an element, or select the lines and ask for an edit.",
            )
        note = _note(plan, len(plan.steps) - len(refused), refused)
        return Edited(f"Task: {shortened(instruction)}", changes, note, confirm=True)

    async def _plan(self, place: Place, instruction: str, targets: Sequence[Target], progress: Progress) -> Plan:
        """The steps by the interpreter where it can be believed, else by rule."""
        progress("splitting the task")
        steps, how = split(instruction, targets, place.view.uri), ""
        touched = {step.uri for step in steps}
        # Where the user names files, no other is for the interpreter to choose.
        named = any(target.named for target in targets)
        asked = [target for target in targets if target.uri in touched or not named]
        if is_sure(instruction, targets):
            how = "Split by rule: every part names its file" if len(steps) > 1 else ""
        elif len(asked) > 1:
            answered = await ask_interpreter(instruction, asked, place.language, self._generator, progress)
            how = f"Split by rule: {answered.why_not}" if answered.why_not else "Split by the interpreter"
            steps = answered.steps or steps
        if len(steps) > MAX_STEPS:
            raise ActionRefused(
                f"The task has {len(steps)} steps; {MAX_STEPS} are the most.", remedy="Split it in two."
            )
        experts = {target.uri: self._generator.expert_for(target.language) for target in targets}
        first = experts.get(place.view.uri, "")
        steps = ordered(steps, experts, first)
        return Plan(steps, how, swaps(steps, experts, first))

    async def _begin(self, target: Target, place: Place) -> _Work:
        if target.refused:
            raise ActionRefused(target.refused)
        if not await self._files.writable(target.uri):
            raise ActionRefused("it cannot be written")
        if target.creates:
            return _Work(target, None, Rewrites(""))
        if target.uri == place.view.uri:
            selected = Stretch(*place.lines) if place.end > place.start else None
            return _Work(target, place.view, Rewrites(place.view.text), selected)
        view = await self._files.read(target.uri)
        return _Work(target, view, Rewrites(view.text))

    async def _do(self, work: _Work, step: Step, told: str, progress: Progress) -> _Work:
        """The file with the step done."""
        target, text = work.target, work.rewrites.text
        if not text.strip():
            new_text = await write_file(target.path, target.language, told, self._generator, progress)
            return replace(work, rewrites=work.rewrites.rewritten(0, len(text), new_text), done=[step.instruction])
        tree = tree_of(target.uri, target.language, text)
        lines = work.selected or portion(tree, step.instruction)
        view = replace(work.view or DocumentView(target.uri, target.language, -1, ""), text=text)
        place = Place(view, tree, target.language, lines.start, lines.end)
        new_text = await rewritten(
            place, lines.start, lines.end, told, self._generator, progress=progress, instruction_last=True
        )
        return replace(
            work,
            rewrites=work.rewrites.rewritten(lines.start, lines.end, new_text),
            selected=Stretch(lines.start, lines.start + len(new_text)) if work.selected else None,
            done=[*work.done, step.instruction],
        )


def _changes(work: _Work) -> list[Change]:
    """One change for each stretch that is another one now."""
    label = f"{work.target.path}: {shortened('; '.join(work.done))}"
    if work.view is None:
        return [Change(work.target.uri, 0, 0, work.rewrites.text, creates=True, label=label)]
    return [
        narrowed(Change.of(work.view, piece.start, piece.end, piece.new_text, label), work.view.text)
        for piece in work.rewrites.pieces
        if work.view.text[piece.start : piece.end] != piece.new_text
    ]


def _told(instruction: str, step: Step, plan: Plan) -> str:
    """The step as its expert hears it: what "it" is may stand in another one.

    The whole task for every step makes a small expert do the other steps, too.
    """
    if len(plan.steps) == 1 or not _POINTS_ELSEWHERE.search(step.instruction):
        return step.instruction
    return f"{step.instruction}\n(This is one part of a task: {instruction})"


def _within(saying: str, progress: Progress) -> Progress:
    return lambda sentence: progress(f"{saying}: {sentence}")


def _note(plan: Plan, done: int, refused: Sequence[str]) -> str:
    steps = f"{done} of {len(plan.steps)} steps done." if len(plan.steps) > 1 else "1 step done."
    changed = f"The expert changed {plan.swaps} time{'s' if plan.swaps > 1 else ''}." if plan.swaps else ""
    said = [steps, *(f"Refused: {_sentence(each)}" for each in refused), plan.how and _sentence(plan.how), changed]
    return " ".join(filter(None, said))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
