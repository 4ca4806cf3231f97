"""Prompts for filling in the middle, as clients write them, taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_experts.completion.templates import TEMPLATES, segments
from lsp_experts.server.http.prompt import around_cursor

# As Zed's edit predictions build them (crates/edit_prediction/src/fim.rs), for each of its prompt formats.
ZED = {
    "code_llama": "<PRE> {before} <SUF>{after} <MID>",
    "star_coder": "<fim_prefix>{before}<fim_suffix>{after}<fim_middle>",
    "deepseek_coder": "<｜fim▁begin｜>{before}<｜fim▁hole｜>{after}<｜fim▁end｜>",
    "qwen": "<|fim_prefix|>{before}<|fim_suffix|>{after}<|fim_middle|>",
    "code_gemma": "<|fim_prefix|>{before}<|fim_suffix|>{after}<|fim_middle|>",
    "codestral": "[SUFFIX]{after}[PREFIX]{before}",
    "glm": "<|code_prefix|>{before}<|code_suffix|>{after}<|code_middle|>",
}
BEFORE, AFTER = "func main() {\n\tfmt.", "\n}\n"
code = st.text("ab <>|[]\n\t{}é😀", max_size=40)


@pytest.mark.parametrize("form", ZED)
def test_what_zed_sends(form: str) -> None:
    assert around_cursor(ZED[form].format(before=BEFORE, after=AFTER)) == (BEFORE, AFTER)
    assert around_cursor(ZED[form].format(before="", after="")) == ("", "")


@pytest.mark.parametrize("name", TEMPLATES)
@given(head=code, typed=code, after=code)
def test_our_own_prompts_come_back(name: str, head: str, typed: str, after: str) -> None:
    template = TEMPLATES[name]
    if not template.middle:
        typed = ""  # nothing stands between it and the head
    prompt = "".join(part.text for part in segments(template, head, after, typed))
    assert around_cursor(prompt) == (head + typed, after)


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "x = 1\n",
        'QWEN = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")\n',  # code that speaks of them
        "<|fim_prefix|>never closed",
        "<|fim_prefix|>a<|fim_suffix|>no middle",
        "<|fim_middle|><|fim_prefix|><|fim_suffix|>",
        "[SUFFIX] only",
    ],
)
def test_all_else_stands_before_the_cursor(prompt: str) -> None:
    assert around_cursor(prompt) == (prompt, "")


def test_files_of_a_repository_in_front_are_left_out() -> None:
    prompt = (
        "<|repo_name|>shop\n<|file_sep|>a.go\npackage a\n<|file_sep|>b.go\n<|fim_prefix|>b<|fim_suffix|>c<|fim_middle|>"
    )
    assert around_cursor(prompt) == ("b", "c")


def test_marks_inside_the_code() -> None:
    marks = "'<|fim_suffix|>' + '<|fim_middle|>'"
    assert around_cursor(f"<|fim_prefix|>x = <|fim_suffix|>{marks}<|fim_middle|>") == ("x = ", marks)
