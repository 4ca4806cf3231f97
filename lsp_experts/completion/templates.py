"""How each model family wants a hole to be written. Sources: research table of model cards, papers and harnesses.

Every template is used anchored: what stands between anchor and cursor follows the last control text. For the families
that were trained suffix first ("spm") the order of head and suffix differs, nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lsp_experts.completion.chat import chat_controls
from lsp_experts.completion.context import Excerpt
from lsp_experts.engine.protocol import LoadReport, Segment


@dataclass(frozen=True)
class RepositoryFormat:
    """How a family was shown files of a repository. The control texts are optional in a vocabulary, all others text."""

    repository: str = ""  # control text before the repository's name
    after_name: str = ""
    file_separator: str = ""  # control text before each file
    file_head: str = "{path}\n"  # what stands before a file's text; {comment} is the language's comment mark
    file_end: str = ""
    own_path: Literal["before", "in prefix"] = "before"  # where the path of the file that is completed stands
    others: Literal["before", "in prefix", "nowhere"] = "before"  # where other files stand

    @property
    def controls(self) -> tuple[str, ...]:
        """Texts that must be control texts of the vocabulary."""
        return tuple(text for text in (self.repository, self.file_separator) if text)


@dataclass(frozen=True)
class FimTemplate:
    """Control texts of one family. `stops` end a completion if a model spells them instead of ending."""

    name: str
    prefix: str
    suffix: str
    middle: str
    order: Literal["psm", "spm"] = "psm"
    opening: str = ""  # control text before everything (chat-shaped families)
    stops: tuple[str, ...] = ()
    files: RepositoryFormat | None = None  # None: the family knows nothing of other files

    @property
    def controls(self) -> tuple[str, ...]:
        """The texts that must be known to a vocabulary for the template to work."""
        return tuple(text for text in (self.prefix, self.suffix, self.middle) if text)


_STARCODER = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
_QWEN = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")

TEMPLATES: dict[str, FimTemplate] = {
    template.name: template
    for template in (
        FimTemplate(
            "qwen",
            *_QWEN,
            stops=("<|file_sep|>", "<|repo_name|>", "<|cursor|>"),
            files=RepositoryFormat("<|repo_name|>", "\n", "<|file_sep|>"),
        ),
        FimTemplate(
            "codegemma",
            *_QWEN,
            stops=("<|file_separator|>",),
            files=RepositoryFormat(file_separator="<|file_separator|>"),
        ),
        FimTemplate("granite4", *_QWEN, stops=("<|fim_pad|>",)),
        FimTemplate(
            "starcoder",
            *_STARCODER,
            stops=("<file_sep>",),
            files=RepositoryFormat("<reponame>", "", "<filename>", others="nowhere"),
        ),
        FimTemplate(
            "starcoder2",
            *_STARCODER,
            stops=("<file_sep>",),
            files=RepositoryFormat("<repo_name>", "", "<file_sep>", own_path="in prefix"),
        ),
        FimTemplate("refact", *_STARCODER, order="spm"),
        FimTemplate(
            "mellum",
            *_STARCODER,
            order="spm",
            stops=("<filename>", "<reponame>"),
            files=RepositoryFormat("<reponame>", "\n", "<filename>", file_end="\n"),
        ),
        FimTemplate("santacoder", "<fim-prefix>", "<fim-suffix>", "<fim-middle>", stops=("<|filename|>",)),
        FimTemplate(
            "deepseek",
            "<｜fim▁begin｜>",
            "<｜fim▁hole｜>",
            "<｜fim▁end｜>",
            stops=("<|EOT|>",),
            files=RepositoryFormat(file_head="{comment}{path}\n", own_path="in prefix", others="in prefix"),
        ),
        FimTemplate("codellama", "<PRE> ", " <SUF>", " <MID>", stops=("<EOT>",)),
        FimTemplate("codellama-qml", "<PRE>", "<SUF>", "<MID>", order="spm", stops=("</PRE>", "</SUF>", "< EOT >")),
        FimTemplate(
            "codestral",
            "[PREFIX]",
            "[SUFFIX]",
            "",
            order="spm",
            stops=("\n+++++ ",),
            files=RepositoryFormat(file_head="+++++ {path}\n", file_end="\n", own_path="in prefix", others="in prefix"),
        ),
        FimTemplate("seed-coder", "<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>", order="spm"),
        FimTemplate("aixcoder", "▁<AIX-SPAN-PRE>", "▁<AIX-SPAN-POST>", "▁<AIX-SPAN-MIDDLE>", order="spm"),
        FimTemplate(
            "codegeex4",
            "<|code_prefix|>",
            "<|code_suffix|>",
            "<|code_middle|>",
            order="spm",
            opening="<|user|>\n###MODE:BLOCK\n",
            stops=("<|user|>", "<|assistant|>"),
        ),
        FimTemplate("glm", "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),
        FimTemplate("falcon-h1", "<|prefix|>", "<|suffix|>", "<|middle|>"),
    )
}

# Families that share their control texts are told apart by the registry; these are tried for `auto`, in this order.
_AUTO = ("qwen", "seed-coder", "deepseek", "starcoder", "santacoder", "glm", "falcon-h1", "codellama", "codestral")


def control_texts() -> tuple[str, ...]:
    """Every control text of every template and chat, without doubles: the engine says which of them a model knows."""
    texts = [
        text.strip()
        for template in TEMPLATES.values()
        for text in (*template.controls, *(template.files.controls if template.files else ()))
    ]
    return tuple(dict.fromkeys((*texts, *chat_controls())))


def choose(fim: str, report: LoadReport) -> FimTemplate | None:
    """The template for a loaded model: `fim` is the registry's word; None means left to right.

    A named template whose control texts the vocabulary does not know is refused (None): they would be read as text.
    Where it does not know those of the repository format, there are no files; a name of the repository may go alone.
    """
    found = _choose(fim, report)
    if found is None or found.files is None:
        return found
    if not _known_texts((found.files.file_separator,), report.controls):
        return replace(found, files=None)
    if not _known_texts((found.files.repository,), report.controls):
        return replace(found, files=replace(found.files, repository=""))
    return found


def _choose(fim: str, report: LoadReport) -> FimTemplate | None:
    if fim == "none":
        return None
    if fim != "auto":
        named = TEMPLATES.get(fim)
        return named if named and _known(named, report.controls) else None
    if report.fim:
        for template in TEMPLATES.values():
            if template.order == "psm" and tuple(text.strip() for text in template.controls) == report.fim:
                return template
    return next((TEMPLATES[name] for name in _AUTO if _known(TEMPLATES[name], report.controls)), None)


def _known(template: FimTemplate, controls: Collection[str]) -> bool:
    return _known_texts(template.controls, controls)


def _known_texts(texts: Sequence[str], controls: Collection[str]) -> bool:
    return all(not text or text.strip() in controls for text in texts)


@dataclass(frozen=True)
class Repository:
    """What a prompt says of the files round its own: `path` is its own path, `excerpts` are lines of others."""

    name: str = ""
    path: str = ""
    excerpts: tuple[Excerpt, ...] = ()
    comment: str = "#"  # how a line comment begins in the file's language


@dataclass(frozen=True)
class Context:
    """A repository as segments: in front of the prompt, and behind its prefix control text."""

    before: tuple[Segment, ...] = ()
    in_prefix: tuple[Segment, ...] = ()


NO_CONTEXT = Context()


def segments(
    template: FimTemplate | None, head: str, suffix: str, tail: str, context: Context = NO_CONTEXT
) -> tuple[Segment, ...]:
    """The prompt: `head` up to the anchor, `suffix` right of the cursor, `tail` between anchor and cursor.

    User text is never control text, whatever it spells. Without a template the suffix is left out.
    """
    if template is None:
        return (Segment(head), Segment(tail)) if tail else (Segment(head),)
    before = [Segment(template.prefix, control=True), *context.in_prefix, Segment(head)]
    after = [Segment(template.suffix, control=True), Segment(suffix)]
    ordered = before + after if template.order == "psm" else after + before
    opening, middle = Segment(template.opening, control=True), Segment(template.middle, control=True)
    return tuple(part for part in (*context.before, opening, *ordered, middle, Segment(tail)) if part.text)


def context_segments(template: FimTemplate, repository: Repository) -> Context:
    """The name of the repository, lines of other files each under its path, then the path of the file itself.

    So Qwen2.5-Coder, StarCoder, Mellum, DeepSeek-Coder and Codestral were trained on repositories. Names, paths and
    lines are user text. Nothing where there is nothing to say or the family has no format for it.
    """
    form = template.files
    if form is None or not (repository.path or repository.excerpts):
        return NO_CONTEXT
    named = bool(form.repository and repository.name)
    head = [Segment(form.repository, control=True), Segment(repository.name + form.after_name)] if named else []
    separator = [Segment(form.file_separator, control=True)] if form.file_separator else []
    shown = repository.excerpts if form.others != "nowhere" else ()
    others = [
        part
        for excerpt in shown
        for part in (
            *separator,
            Segment(
                form.file_head.format(path=excerpt.path, comment=repository.comment) + excerpt.text + form.file_end
            ),
        )
    ]
    own = [Segment(form.file_head.format(path=repository.path, comment=repository.comment))]
    before, in_prefix = [*head], [*own]
    if form.others == "in prefix":
        in_prefix = [*others, *own]
    else:
        before += others
    if form.own_path == "before":
        before, in_prefix = [*before, *separator, *own], []
    elif separator:
        before += separator
    return Context(tuple(before), tuple(in_prefix))


def warm_segments(template: FimTemplate | None, head: str, context: Context = NO_CONTEXT) -> tuple[Segment, ...]:
    """As much of a prompt as is known before there is a cursor: its head, where the head comes first."""
    if template is None:
        return (Segment(head),)
    if template.order == "spm":
        return ()
    start = (*context.before, Segment(template.opening, control=True), Segment(template.prefix, control=True))
    return tuple(part for part in (*start, *context.in_prefix, Segment(head)) if part.text)
