"""How each family of instruction-tuned models wants a conversation to be written: our own table.

A template inside a model file is never rendered: it is a program from an untrusted file (CVE-2024-34359). Sources: the
model cards of Qwen2.5-Coder-Instruct, SmolLM2-Instruct, Granite 4, Llama 3 and Gemma.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from lsp_experts.engine.protocol import Segment

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Turn:
    """What one side says."""

    role: Role
    text: str


@dataclass(frozen=True)
class ChatTemplate:
    """A turn is: control text, the role's name, control text or nothing, a separator, the text, control text."""

    name: str
    opening: str
    after_role: str  # control text, or "" where the separator alone ends the role's name
    separator: str
    closing: str
    between: str = "\n"
    assistant: str = "assistant"
    has_system: bool = True  # else what it says comes first in the user's turn

    @property
    def controls(self) -> tuple[str, ...]:
        """The texts that must be control texts of the vocabulary."""
        return tuple(text for text in (self.opening, self.after_role, self.closing) if text)


TEMPLATES: Mapping[str, ChatTemplate] = MappingProxyType(
    {
        template.name: template
        for template in (
            ChatTemplate("chatml", "<|im_start|>", "", "\n", "<|im_end|>"),
            ChatTemplate("granite", "<|start_of_role|>", "<|end_of_role|>", "", "<|end_of_text|>"),
            ChatTemplate("llama3", "<|start_header_id|>", "<|end_header_id|>", "\n\n", "<|eot_id|>", between=""),
            ChatTemplate("gemma", "<start_of_turn>", "", "\n", "<end_of_turn>", assistant="model", has_system=False),
        )
    }
)


def chat_controls() -> tuple[str, ...]:
    """Every control text of every template, without doubles."""
    return tuple(dict.fromkeys(text for template in TEMPLATES.values() for text in template.controls))


def choose_chat(name: str, controls: Collection[str]) -> ChatTemplate | None:
    """The template the registry names, if the loaded model knows its control texts; they would be read as text else."""
    template = TEMPLATES.get(name)
    return template if template is not None and all(text in controls for text in template.controls) else None


def chat_segments(template: ChatTemplate, turns: Sequence[Turn], answer: str = "") -> tuple[Segment, ...]:
    """The prompt that lets the assistant speak, its turn beginning with `answer`. Whatever `turns` spell is text."""
    if not template.has_system:
        turns = _without_system(turns)
    spelled: list[Segment] = []
    for turn in turns:
        spelled += [*_turn(template, turn.role, turn.text), Segment(template.closing, control=True)]
        spelled.append(Segment(template.between))
    spelled += _turn(template, "assistant", answer)
    return tuple(segment for segment in spelled if segment.text)


def _turn(template: ChatTemplate, role: Role, text: str) -> list[Segment]:
    name = template.assistant if role == "assistant" else role
    opening = Segment(template.opening, control=True)
    if not template.after_role:
        return [opening, Segment(name + template.separator + text)]
    return [opening, Segment(name), Segment(template.after_role, control=True), Segment(template.separator + text)]


def _without_system(turns: Sequence[Turn]) -> Sequence[Turn]:
    said = "\n\n".join(turn.text for turn in turns if turn.role == "system")
    others = [turn for turn in turns if turn.role != "system"]
    if said and others:
        others[0] = Turn(others[0].role, f"{said}\n\n{others[0].text}")
    return others
