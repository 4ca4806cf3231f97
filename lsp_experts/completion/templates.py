"""How each model family wants a hole to be written. Sources: research table of model cards, papers and harnesses.

Every template is used anchored: what stands between anchor and cursor follows the last control text. For the families
that were trained suffix first ("spm") the order of head and suffix differs, nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lsp_experts.completion.context import Excerpt
from lsp_experts.engine.protocol import LoadReport, Segment


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
    file_separator: str = ""  # control text before the path and the text of another file

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
            "qwen", *_QWEN, stops=("<|file_sep|>", "<|repo_name|>", "<|cursor|>"), file_separator="<|file_sep|>"
        ),
        FimTemplate("codegemma", *_QWEN, stops=("<|file_separator|>",)),
        FimTemplate("granite4", *_QWEN, stops=("<|fim_pad|>",)),
        FimTemplate("starcoder", *_STARCODER, stops=("<file_sep>",)),
        FimTemplate("starcoder2", *_STARCODER, stops=("<file_sep>",), file_separator="<file_sep>"),
        FimTemplate("refact", *_STARCODER, order="spm"),
        FimTemplate(
            "mellum", *_STARCODER, order="spm", stops=("<filename>", "<reponame>"), file_separator="<filename>"
        ),
        FimTemplate("santacoder", "<fim-prefix>", "<fim-suffix>", "<fim-middle>", stops=("<|filename|>",)),
        FimTemplate("deepseek", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", stops=("<|EOT|>",)),
        FimTemplate("codellama", "<PRE> ", " <SUF>", " <MID>", stops=("<EOT>",)),
        FimTemplate("codellama-qml", "<PRE>", "<SUF>", "<MID>", order="spm", stops=("</PRE>", "</SUF>", "< EOT >")),
        FimTemplate("codestral", "[PREFIX]", "[SUFFIX]", "", order="spm", stops=("\n+++++ ",)),
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
    """Every control text of every template, without doubles: the engine says which of them a model knows."""
    texts = [text.strip() for template in TEMPLATES.values() for text in (*template.controls, template.file_separator)]
    return tuple(dict.fromkeys(text for text in texts if text))


def choose(fim: str, report: LoadReport) -> FimTemplate | None:
    """The template for a loaded model: `fim` is the registry's word; None means left to right.

    A named template whose control texts the vocabulary does not know is refused (None): they would be read as text.
    So is a file separator it does not know.
    """
    found = _choose(fim, report)
    if found is None or found.file_separator in report.controls:
        return found
    return replace(found, file_separator="")


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
    return all(text.strip() in controls for text in template.controls)


def segments(
    template: FimTemplate | None, head: str, suffix: str, tail: str, context: tuple[Segment, ...] = ()
) -> tuple[Segment, ...]:
    """The prompt: `head` up to the anchor, `suffix` right of the cursor, `tail` between anchor and cursor.

    `context` (context_segments) goes before all of it.

    User text is never control text, whatever it spells. Without a template the suffix is left out.
    """
    if template is None:
        return (Segment(head), Segment(tail)) if tail else (Segment(head),)
    before = [Segment(template.prefix, control=True), Segment(head)]
    after = [Segment(template.suffix, control=True), Segment(suffix)]
    ordered = before + after if template.order == "psm" else after + before
    opening, middle = Segment(template.opening, control=True), Segment(template.middle, control=True)
    return tuple(part for part in (*context, opening, *ordered, middle, Segment(tail)) if part.text)


def context_segments(template: FimTemplate, excerpts: Sequence[Excerpt], path: str) -> tuple[Segment, ...]:
    """Lines of other files, each under its path, then the `path` of the file that is completed.

    So Qwen2.5-Coder, StarCoder2 and Mellum were trained on repositories. Paths and lines are user text. Nothing, where
    there are no excerpts or the family has no separator.
    """
    if not excerpts or not template.file_separator:
        return ()
    separator = Segment(template.file_separator, control=True)
    files = [Segment(f"{excerpt.path}\n{excerpt.text}") for excerpt in excerpts] + [Segment(f"{path}\n")]
    return tuple(part for file in files for part in (separator, file))


def warm_segments(template: FimTemplate | None, head: str, context: tuple[Segment, ...] = ()) -> tuple[Segment, ...]:
    """As much of a prompt as is known before there is a cursor: its head, where the head comes first."""
    if template is None:
        return (Segment(head),)
    if template.order == "spm":
        return ()
    parts = (*context, Segment(template.opening, control=True), Segment(template.prefix, control=True), Segment(head))
    return tuple(part for part in parts if part.text)
