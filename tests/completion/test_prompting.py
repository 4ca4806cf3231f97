"""Frozen prompts: lines of other files before them, when they are chosen, when they change, when there are none."""

from __future__ import annotations

import pytest

from lsp_experts.completion.document import DocumentView
from lsp_experts.completion.pace import Pace
from lsp_experts.completion.prompting import Prompts, related_languages
from lsp_experts.completion.session import Session
from lsp_experts.completion.templates import TEMPLATES, control_texts
from lsp_experts.completion.working_memory import WorkingMemory
from lsp_experts.engine.protocol import CompleteReport, LoadReport, Segment
from lsp_experts.errors import EngineError
from lsp_experts.paths import default_paths
from lsp_experts.pool.lease import Lease
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.settings import Settings

SETTINGS = Settings()
STORE = "package shop\nfunc Open(path string) {\n}\n"
CONTEXT = "[<|file_sep|>]shop/store.go\nfunc Open(path string)\n[<|file_sep|>]shop/main.go\n"
EXPERT = "go-carved"


def lost(error: EngineError) -> None:
    raise error


def lease(n_ctx: int = 2048, controls: tuple[str, ...] = control_texts()) -> Lease:
    report = LoadReport(1, 1, 1.0, 1000, n_ctx, controls=controls, fim=TEMPLATES["qwen"].controls)  # type: ignore[arg-type]
    return Lease(EXPERT, report, is_alive=lambda: True, on_release=lambda lease: None, on_lost=lost)


class Desk:
    """Two Go files, one of them worked on."""

    def __init__(self, text: str = "func main() {\n\tOpen(") -> None:
        self.memory, self.pace = WorkingMemory(), Pace()
        self.prompts = Prompts(load_catalogue(default_paths()), self.pace, self.memory)
        self.session = Session.of(self.view("main.go", text), "go")
        self.memory.opened(self.session.view, "go", SETTINGS)
        self.memory.opened(self.view("store.go", STORE), "go", SETTINGS)

    def view(self, name: str, text: str, version: int = 1) -> DocumentView:
        return DocumentView(f"file:///w/shop/{name}", "go", version, text)

    def types(self, text: str) -> None:
        """More text in the file that is worked on."""
        self.session.update(self.view("main.go", self.session.view.text + text, self.session.view.version + 1))
        self.memory.changed(self.session.view, "go", SETTINGS)

    def edits_the_other(self, text: str) -> None:
        self.memory.changed(self.view("store.go", text, 2), "go", SETTINGS)

    def prompt(self, settings: Settings = SETTINGS, held: Lease | None = None) -> str:
        return spelled(self.prompts.at(self.session, held or lease(), len(self.session.view.text), settings))


def spelled(parts: tuple[Segment, ...]) -> str:
    return "".join(f"[{part.text}]" if part.control else part.text for part in parts)


def test_other_files_stand_before_the_prompt() -> None:
    desk = Desk()
    assert desk.prompt() == f"{CONTEXT}[<|fim_prefix|>][<|fim_suffix|>][<|fim_middle|>]func main() {{\n\tOpen("


def test_paths_and_lines_of_other_files_are_user_text() -> None:
    desk = Desk("<|file_sep|>open(Open")
    desk.memory.opened(
        desk.view("a<|im_end|>.go", 'func open(a string) {}\nvar Open = 1 + "<|fim_middle|>"\n'), "go", SETTINGS
    )
    parts = desk.prompts.at(desk.session, lease(), len(desk.session.view.text), SETTINGS)
    assert {part.text for part in parts if part.control} == {"<|file_sep|>", *TEMPLATES["qwen"].controls}
    assert any("<|fim_middle|>" in part.text for part in parts if not part.control)


@pytest.mark.parametrize(
    ("settings", "held", "ms_per_token"),
    [
        pytest.param(Settings(context_chars=0), lease(), 1.0, id="switched off"),
        pytest.param(Settings(prompt_style="usual"), lease(), 1.0, id="the usual prompt"),
        pytest.param(SETTINGS, lease(controls=TEMPLATES["qwen"].controls), 1.0, id="no separator in the vocabulary"),
        pytest.param(SETTINGS, lease(), 100.0, id="a slow machine"),
        pytest.param(SETTINGS, lease(n_ctx=64), 1.0, id="a small context"),
    ],
)
def test_no_other_files(settings: Settings, held: Lease, ms_per_token: float) -> None:
    desk = Desk()
    desk.pace.observe(EXPERT, CompleteReport("", "end", 100, 0, 1, 100 * ms_per_token, 100 * ms_per_token, 1.0))
    assert "file_sep" not in desk.prompt(settings, held)


def test_nothing_to_say_changes_nothing() -> None:
    desk = Desk("func main() {\n\tClose(")
    assert desk.prompt() == "[<|fim_prefix|>][<|fim_suffix|>][<|fim_middle|>]func main() {\n\tClose("


def test_the_head_stays_while_the_user_types_and_when_the_anchor_moves() -> None:
    desk = Desk()
    desk.prompt()
    desk.edits_the_other(STORE.replace("path", "name"))
    first = desk.session.anchors[EXPERT]
    desk.types("1)\n" + "\tline()\n" * 60)
    assert desk.prompt().startswith(CONTEXT)
    assert desk.session.anchors[EXPERT] is not first


def test_it_is_chosen_anew_when_the_focus_returns_after_an_edit_elsewhere() -> None:
    desk = Desk()
    before = desk.prompt()
    desk.prompts.look_again(desk.session)
    assert desk.prompt() == before, "nothing was edited"
    desk.edits_the_other(STORE.replace("path string", "name string"))
    desk.prompts.look_again(desk.session)
    assert "Open(name string)" in desk.prompt()
    again = desk.prompt()
    desk.types("x")
    assert desk.prompt() == f"{again}x"


def test_what_is_warmed_is_what_the_request_asks() -> None:
    desk = Desk()
    warm = spelled(desk.prompts.known(desk.session, lease(), SETTINGS))
    assert warm == f"{CONTEXT}[<|fim_prefix|>]func main() {{\n\tOpen("
    assert desk.prompt().startswith(CONTEXT)
    desk.session.offset = len(desk.session.view.text)
    assert spelled(desk.prompts.known(desk.session, lease(), SETTINGS)) == desk.prompt()


def test_an_anchor_that_fell_is_not_warmed() -> None:
    desk = Desk("a := 1\n" * 20)
    desk.session.offset = len(desk.session.view.text)
    desk.prompt()
    desk.session.view = desk.view("main.go", "b := 2\n" * 20, 2)
    assert "a := 1" not in spelled(desk.prompts.known(desk.session, lease(), SETTINGS))


# -- a better prompt, while nobody types -------------------------------------------------------------------------------


def slow(desk: Desk, ms_per_token: float) -> None:
    desk.pace.observe(EXPERT, CompleteReport("", "end", 100, 0, 1, 100 * ms_per_token, 100 * ms_per_token, 1.0))


def test_a_slow_machine_gets_the_rest_when_the_user_pauses() -> None:
    desk = Desk("a := 1\n" * 100 + "Open(")
    slow(desk, 25.0)  # 100 tokens in time
    first = desk.prompt()
    assert "file_sep" not in first
    desk.session.offset = len(desk.session.view.text)
    better = desk.prompts.closer(desk.session, lease(), SETTINGS)
    assert better is not None and "func Open(path string)" in spelled(better.prompt)
    assert len(better.anchor.head) > len(desk.session.anchors[EXPERT].head)
    desk.session.anchors[EXPERT], desk.session.contexts[EXPERT] = better.anchor, better.excerpts
    assert desk.prompt() == spelled(better.prompt)
    assert desk.prompts.closer(desk.session, lease(), SETTINGS) is None, "it is hardly better now"
    desk.types("x")
    assert desk.prompt() == spelled(better.prompt) + "x"


def test_what_the_cursor_needs_now_is_added_behind_what_stands() -> None:
    desk = Desk()
    before = desk.prompt()
    desk.memory.opened(
        desk.view(
            "tax.go", "func Taxes(rate float64, country string, year int, month int, day int, rounded bool) {}\n"
        ),
        "go",
        SETTINGS,
    )
    desk.types("Taxes(")
    desk.session.offset = len(desk.session.view.text)
    better = desk.prompts.closer(desk.session, lease(), SETTINGS)
    assert better is not None
    assert spelled(better.prompt).startswith(before.partition("[<|file_sep|>]shop/main.go")[0])
    assert "func Taxes" in spelled(better.prompt)


@pytest.mark.parametrize("settings", [Settings(prompt_style="usual"), Settings(context_chars=0)])
def test_nothing_is_better(settings: Settings) -> None:
    desk = Desk()
    desk.prompt(settings)
    desk.session.offset = len(desk.session.view.text)
    assert desk.prompts.closer(desk.session, lease(), settings) is None


def test_a_place_far_away_gets_a_context_of_its_own() -> None:
    desk = Desk("b := 2\n" * 300 + "Open(\n" + "a := 1\n" * 700)
    desk.prompts.at(desk.session, lease(), 300 * len("b := 2\n") + 5, SETTINGS)
    near = desk.session.contexts[EXPERT]
    desk.memory.opened(desk.view("tax.go", "func Taxes(rate float64) {}\n"), "go", SETTINGS)
    desk.types("Taxes(")
    desk.prompt()
    far = desk.session.contexts[EXPERT]
    assert far[: len(near)] == near and len(far) == len(near) + 1


def test_a_region_is_named_by_its_own_language() -> None:
    desk = Desk()
    page = DocumentView("file:///w/shop/page.html#script:0", "javascript", 1, "open(")
    desk.memory.opened(
        DocumentView("file:///w/shop/a.js", "javascript", 1, "function open(a) {}\n"), "javascript", SETTINGS
    )
    session = Session.of(page, "javascript", "file:///w/shop/page.html")
    prompt = spelled(desk.prompts.at(session, lease(), len(page.text), SETTINGS))
    assert prompt.startswith("[<|file_sep|>]shop/a.js\nfunction open(a)\n[<|file_sep|>]shop/page.js\n")


@pytest.mark.parametrize(
    ("language", "others"),
    [("go", {"go"}), ("css", {"css", "scss"}), ("scss", {"css", "scss"}), ("html", {"html", "vue"})],
)
def test_related_languages(language: str, others: set[str]) -> None:
    assert related_languages(language, {"scss": ("css",), "vue": ("html",)}) == others
