"""Gives better names to the variables of the selected code. The expert proposes names; the edit is made by the tree."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.code_answer import block_of
from lsp_experts.actions.files import Files
from lsp_experts.actions.outcome import Change, Edited
from lsp_experts.actions.place import Place
from lsp_experts.actions.rewriting import MOST_CHARS, shown
from lsp_experts.actions.stretch import Stretch, chosen
from lsp_experts.completion.chat import Turn
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused
from lsp_experts.syntax.local_names import LANGUAGES, LocalName, local_names, names_in, same_shape
from lsp_experts.syntax.tree import SyntaxTree

KIND = "refactor.rewrite"
_MOST_NAMES = 12  # one short answer each
_SHORT, _LONGEST = 3, 40  # characters of a name that says little, and of a new one
_STOP = Stop(max_tokens=16, max_lines=1)
# Short names that say enough where they usually stand.
_FINE = frozenset(
    {"_", "i", "j", "k", "id", "ok", "err", "ctx", "cls", "self", "this", "key", "row", "max", "min", "sum"}
)
_VAGUE = frozenset(
    {
        "array", "data", "dict", "item", "list", "result", "stuff", "temp", "thing", "value",
    }
)  # fmt: skip
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+")
_SNAKE = frozenset({"python"})
# Of JavaScript; its grammar reads them as names. Nobody misses them elsewhere.
_RESERVED = frozenset(
    {
        "arguments", "enum", "eval", "implements", "interface", "let", "package", "private", "protected", "public",
        "static",
    }
)  # fmt: skip
_EXAMPLE = (
    Turn("system", "You find good names for variables."),
    Turn(
        "user",
        "Give better names to the variables of this code.\n\n"
        "```python\nn = 0\nfor x in items:\n    if x.ok:\n        n += 1\n```",
    ),
    Turn("assistant", "n -> ok_count\nx -> item"),
)


def offers(place: Place, files: Files) -> tuple[Offer, ...]:
    """One, where the selection has names that are known only inside of it."""
    stretch = _stretch(place)
    if stretch is None or place.tree.language not in LANGUAGES:
        return ()
    is_long = stretch.end - stretch.start > MOST_CHARS  # then it is not looked through, and `run` says so
    return (Offer(_title(stretch), KIND),) if is_long or _poor(place, stretch) else ()


async def run(job: Job) -> Edited:
    """One change for each place of a name."""
    place, stretch = job.place, _stretch(job.place)
    if stretch is None:
        raise ActionRefused("Nothing is selected.", remedy="Select a function.")
    block = block_of(shown(place.text[stretch.start : stretch.end]), place.language)
    names = _poor(place, stretch)
    if not names:
        raise ActionRefused("No variable with a poor name is known only in the selection.")
    turns = (*_EXAMPLE, Turn("user", f"Give better names to the variables of this code.\n\n{block}"))
    answer = ""
    proposed: dict[str, str] = {}
    for name in names:
        answer += f"{name.name} ->"
        said = await job.generator.follow(place.language, turns, _STOP, answer=answer, progress=job.progress)
        first = said.text.partition("\n")[0].rstrip()
        answer += f"{first}\n"
        proposed[name.name] = _styled(first, place.language)
    renamed = accepted(place.tree, names, proposed)
    if not renamed:
        raise ActionRefused("The expert found no better names; nothing was changed.")
    spans = sorted((span, new) for name, new in renamed for span in name.spans)
    changes = tuple(Change(place.view.uri, start, end, new, place.view.version) for (start, end), new in spans)
    return Edited(_title(stretch), changes, note=", ".join(f"{name.name} -> {new}" for name, new in renamed))


def accepted(
    tree: SyntaxTree, names: Sequence[LocalName], proposed: Mapping[str, str]
) -> tuple[tuple[LocalName, str], ...]:
    """The proposals that change names only: no keyword, nothing that is called so already, no two alike."""
    taken = set(names_in(tree)) | _RESERVED
    found: list[tuple[LocalName, str]] = []
    for name in names:
        new = proposed.get(name.name, "")
        if new and new not in taken and _is_only_renamed(tree, name, new):
            taken.add(new)
            found.append((name, new))
    return tuple(found)


def _is_only_renamed(tree: SyntaxTree, name: LocalName, new: str) -> bool:
    text = tree.text
    for start, end in reversed(name.spans):
        text = text[:start] + new + text[end:]
    imagined = tree.imagined(text)
    return tree.root is not None and imagined is not None and same_shape(tree.root, imagined)


def _poor(place: Place, stretch: Stretch) -> tuple[LocalName, ...]:
    """The names that say little."""
    found = local_names(place.tree, stretch.start, stretch.end)
    poor = [each for each in found if each.name not in _FINE and (len(each.name) <= _SHORT or each.name in _VAGUE)]
    return tuple(poor[:_MOST_NAMES])


def _styled(answer: str, language: str) -> str:
    """The name that an answer begins with, as the language writes names; "" if there is none."""
    found = _IDENTIFIER.match(answer.strip().strip("`"))
    words = [word.lower() for word in _HUMPS.split(found.group()) if word] if found else []
    if not words or len(found.group() if found else "") > _LONGEST:
        return ""
    return "_".join(words) if language in _SNAKE else words[0] + "".join(word.capitalize() for word in words[1:])


def _stretch(place: Place) -> Stretch | None:
    return chosen(place) if place.start != place.end else None


def _title(stretch: Stretch) -> str:
    return f"Give better names in {stretch.name}"


ACTION = Action("rename", "instruct", offers, run)
