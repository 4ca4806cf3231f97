"""How each model family wants a hole to be written. Sources: research table of model cards, papers and harnesses.

Every template is used anchored: what stands between anchor and cursor follows the last control text. For the families
that were trained suffix first ("spm") the order of head and suffix differs, nothing else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

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

    @property
    def controls(self) -> tuple[str, ...]:
        """The texts that must be known to a vocabulary for the template to work."""
        return tuple(text for text in (self.prefix, self.suffix, self.middle) if text)


_STARCODER = ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
_QWEN = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")

TEMPLATES: dict[str, FimTemplate] = {
    template.name: template
    for template in (
        FimTemplate("qwen", *_QWEN, stops=("<|file_sep|>", "<|repo_name|>", "<|cursor|>")),
        FimTemplate("codegemma", *_QWEN, stops=("<|file_separator|>",)),
        FimTemplate("granite4", *_QWEN, stops=("<|fim_pad|>",)),
        FimTemplate("starcoder", *_STARCODER, stops=("<file_sep>",)),
        FimTemplate("starcoder2", *_STARCODER, stops=("<file_sep>",)),
        FimTemplate("refact", *_STARCODER, order="spm"),
        FimTemplate("mellum", *_STARCODER, order="spm", stops=("<filename>", "<reponame>")),
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
    return tuple(dict.fromkeys(text.strip() for template in TEMPLATES.values() for text in template.controls))


def choose(fim: str, report: LoadReport) -> FimTemplate | None:
    """The template for a loaded model: `fim` is the registry's word; None means left to right.

    A named template whose control texts the vocabulary does not know is refused (None): they would be read as text.
    """
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


def segments(template: FimTemplate | None, head: str, suffix: str, tail: str) -> tuple[Segment, ...]:
    """The prompt: `head` up to the anchor, `suffix` right of the cursor, `tail` between anchor and cursor.

    User text is never control text, whatever it spells. Without a template the suffix is left out.
    """
    if template is None:
        return (Segment(head), Segment(tail)) if tail else (Segment(head),)
    before = [Segment(template.prefix, control=True), Segment(head)]
    after = [Segment(template.suffix, control=True), Segment(suffix)]
    ordered = before + after if template.order == "psm" else after + before
    parts = [Segment(template.opening, control=True), *ordered, Segment(template.middle, control=True), Segment(tail)]
    return tuple(part for part in parts if part.text)


def warm_segments(template: FimTemplate | None, head: str) -> tuple[Segment, ...]:
    """As much of a prompt as is known before there is a cursor: its head, where the head comes first."""
    if template is None:
        return (Segment(head),)
    if template.order == "spm":
        return ()
    parts = (Segment(template.opening, control=True), Segment(template.prefix, control=True), Segment(head))
    return tuple(part for part in parts if part.text)
