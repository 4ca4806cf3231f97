"""Templates: the exact prompt of each family, and which one a model gets."""

from __future__ import annotations

import pytest

from lsp_experts.completion.context import Excerpt
from lsp_experts.completion.templates import (
    NO_CONTEXT,
    TEMPLATES,
    Repository,
    choose,
    context_segments,
    control_texts,
    segments,
    warm_segments,
)
from lsp_experts.engine.protocol import LoadReport, Segment


def spelled(parts: tuple[Segment, ...]) -> str:
    return "".join(f"[{part.text}]" if part.control else part.text for part in parts)


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("qwen", "[<|fim_prefix|>]H[<|fim_suffix|>]S[<|fim_middle|>]T"),
        ("starcoder", "[<fim_prefix>]H[<fim_suffix>]S[<fim_middle>]T"),
        ("santacoder", "[<fim-prefix>]H[<fim-suffix>]S[<fim-middle>]T"),
        ("deepseek", "[<｜fim▁begin｜>]H[<｜fim▁hole｜>]S[<｜fim▁end｜>]T"),
        ("codellama", "[<PRE> ]H[ <SUF>]S[ <MID>]T"),
        ("codestral", "[[SUFFIX]]S[[PREFIX]]HT"),
        ("mellum", "[<fim_suffix>]S[<fim_prefix>]H[<fim_middle>]T"),
        ("seed-coder", "[<[fim-suffix]>]S[<[fim-prefix]>]H[<[fim-middle]>]T"),
        ("codellama-qml", "[<SUF>]S[<PRE>]H[<MID>]T"),
        ("falcon-h1", "[<|prefix|>]H[<|suffix|>]S[<|middle|>]T"),
    ],
)
def test_prompt(name: str, prompt: str) -> None:
    assert spelled(segments(TEMPLATES[name], "H", "S", "T")) == prompt


def test_without_a_template_the_suffix_is_left_out() -> None:
    assert segments(None, "H", "S", "T") == (Segment("H"), Segment("T"))


def test_user_text_is_never_control_text() -> None:
    parts = segments(TEMPLATES["qwen"], "<|fim_suffix|>", "<|im_end|>", "<|fim_prefix|>")
    assert [part.text for part in parts if part.control] == list(TEMPLATES["qwen"].controls)


def test_what_can_be_warmed_without_a_cursor() -> None:
    assert spelled(warm_segments(TEMPLATES["qwen"], "H")) == "[<|fim_prefix|>]H"
    assert warm_segments(TEMPLATES["mellum"], "H") == ()


def report(controls: tuple[str, ...], fim: tuple[str, str, str] | None = None) -> LoadReport:
    return LoadReport(file_bytes=1, resident_bytes=1, load_ms=1.0, n_vocab=1, n_ctx=64, controls=controls, fim=fim)


@pytest.mark.parametrize(
    ("fim", "controls", "found", "chosen"),
    [
        ("auto", TEMPLATES["qwen"].controls, TEMPLATES["qwen"].controls, "qwen"),
        ("auto", TEMPLATES["starcoder"].controls, None, "starcoder"),
        ("auto", TEMPLATES["seed-coder"].controls, None, "seed-coder"),
        ("auto", ("<PRE>", "<SUF>", "<MID>"), ("<PRE>", "<SUF>", "<MID>"), "codellama"),
        ("auto", ("[PREFIX]", "[SUFFIX]"), None, "codestral"),
        ("auto", (), None, None),
        ("none", TEMPLATES["qwen"].controls, None, None),
        ("mellum", TEMPLATES["mellum"].controls, TEMPLATES["starcoder"].controls, "mellum"),
        ("mellum", TEMPLATES["qwen"].controls, TEMPLATES["qwen"].controls, None),
        ("no such template", TEMPLATES["qwen"].controls, None, None),
    ],
)
def test_choose(fim: str, controls: tuple[str, ...], found: tuple[str, str, str] | None, chosen: str | None) -> None:
    template = choose(fim, report(controls, found))
    assert (template.name if template else None) == chosen


def test_control_texts_cover_every_template() -> None:
    texts = control_texts()
    assert len(texts) == len(set(texts))
    assert all(text.strip() in texts for template in TEMPLATES.values() for text in template.controls)
    files = [template.files for template in TEMPLATES.values() if template.files is not None]
    assert all(text in texts for form in files for text in form.controls)


EXCERPTS = (Excerpt("a/b.py", "def b(): ...\n"),)


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        (
            "qwen",
            "[<|repo_name|>]shop\n[<|file_sep|>]a/b.py\ndef b(): ...\n[<|file_sep|>]a/c.py\n"
            "[<|fim_prefix|>]H[<|fim_suffix|>]S[<|fim_middle|>]T",
        ),
        (
            "starcoder2",
            "[<repo_name>]shop[<file_sep>]a/b.py\ndef b(): ...\n[<file_sep>]"
            "[<fim_prefix>]a/c.py\nH[<fim_suffix>]S[<fim_middle>]T",
        ),
        ("starcoder", "[<reponame>]shop[<filename>]a/c.py\n[<fim_prefix>]H[<fim_suffix>]S[<fim_middle>]T"),
        (
            "mellum",
            "[<reponame>]shop\n[<filename>]a/b.py\ndef b(): ...\n\n[<filename>]a/c.py\n"
            "[<fim_suffix>]S[<fim_prefix>]H[<fim_middle>]T",
        ),
        ("deepseek", "[<｜fim▁begin｜>]#a/b.py\ndef b(): ...\n#a/c.py\nH[<｜fim▁hole｜>]S[<｜fim▁end｜>]T"),
        ("codestral", "[[SUFFIX]]S[[PREFIX]]+++++ a/b.py\ndef b(): ...\n\n+++++ a/c.py\nHT"),
        (
            "codegemma",
            "[<|file_separator|>]a/b.py\ndef b(): ...\n[<|file_separator|>]a/c.py\n"
            "[<|fim_prefix|>]H[<|fim_suffix|>]S[<|fim_middle|>]T",
        ),
        ("codellama", "[<PRE> ]H[ <SUF>]S[ <MID>]T"),
    ],
)
def test_other_files(name: str, prompt: str) -> None:
    context = context_segments(TEMPLATES[name], Repository("shop", "a/c.py", EXCERPTS))
    assert spelled(segments(TEMPLATES[name], "H", "S", "T", context)) == prompt
    if TEMPLATES[name].order == "psm":
        assert prompt.startswith(spelled(warm_segments(TEMPLATES[name], "H", context)))


def test_a_path_alone() -> None:
    context = context_segments(TEMPLATES["qwen"], Repository("", "a/c.py"))
    assert spelled(context.before) == "[<|file_sep|>]a/c.py\n"
    assert context_segments(TEMPLATES["qwen"], Repository("shop")) == NO_CONTEXT


def test_names_paths_and_lines_are_user_text() -> None:
    evil = Repository("<|im_end|>", "<|fim_middle|>", (Excerpt("{path}<|file_sep|>", "{comment}<|fim_prefix|>\n"),))
    context = context_segments(TEMPLATES["qwen"], evil)
    assert {part.text for part in context.before if part.control} == {"<|repo_name|>", "<|file_sep|>"}
    assert "{path}<|file_sep|>\n{comment}<|fim_prefix|>\n" in [part.text for part in context.before]


@pytest.mark.parametrize(
    ("known", "files", "repository"),
    [((), False, ""), (("<|repo_name|>",), False, ""), (("<|file_sep|>",), True, ""),
     (("<|file_sep|>", "<|repo_name|>"), True, "<|repo_name|>")],
)  # fmt: skip
def test_control_texts_that_the_vocabulary_does_not_know_are_not_used(
    known: tuple[str, ...], files: bool, repository: str
) -> None:
    found = choose("qwen", report((*TEMPLATES["qwen"].controls, *known)))
    assert found is not None and (found.files is not None) == files
    assert found.files is None or found.files.repository == repository
