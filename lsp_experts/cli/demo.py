"""`lsp-experts demo`: from nothing to two experts that complete two files, with what each step cost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time

from rich.console import Console
from rich.markup import escape

from lsp_experts.cli import carve as carve_command
from lsp_experts.cli import pull as pull_command
from lsp_experts.errors import ExpertsError
from lsp_experts.lab.demo import SCENES, Demo, Switch, Typed, run_demo
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.store import Store

BASE = "qwen2.5-coder-0.5b"


def run(*, as_json: bool) -> int:
    """Get the base, carve the experts, play the scenes; 0 if two experts answered."""
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    with contextlib.redirect_stdout(sys.stderr if as_json else sys.stdout):  # what pull and carve say of themselves
        if not _prepare(console):
            return 1
    console.print("\n[bold]2. Two files, one editor[/]  (the real server, over stdio)")
    demo = asyncio.run(run_demo({}, lambda switch: _show_switch(console, switch), lambda typed: _show(console, typed)))
    if as_json:
        print(json.dumps(demo.as_json()))
    _show_sums(console, demo)
    answered = {typed.keystroke.expert for typed in demo.typed if typed.keystroke.text is not None}
    if len(answered) < 2:
        raise ExpertsError(
            f"Only {', '.join(sorted(answered)) or 'nobody'} answered.",
            remedy="`lsp-experts doctor` looks for the cause.",
        )
    return 0


def _prepare(console: Console) -> bool:
    paths = default_paths()
    catalogue, store = load_catalogue(paths), Store(paths.store)
    console.print("[bold]1. The experts[/]")
    started = time.monotonic()
    if BASE not in store.installed() and pull_command.run([BASE]):
        return False
    base = store.check(BASE)
    console.print(
        f"   {BASE}: {base.size:,} bytes, {base.licence}  [dim]({base.source.partition(':')[0]}, {_s(started)})[/]"
    )
    for scene in {scene.expert: scene for scene in SCENES}.values():
        started = time.monotonic()
        if scene.expert not in store.installed():
            code = carve_command.run(language=scene.language, base=None, corpus=[], expert_id=None, force=False)
            if code:
                return False
        expert = store.check(scene.expert)
        console.print(
            f"   {scene.expert}: {expert.size:,} bytes, {expert.size / base.size:.0%} of its base"
            f"  [dim](for {', '.join(catalogue.get(scene.expert).languages)}; carved here, {_s(started)})[/]"
        )
    return True


def _s(started: float) -> str:
    return f"{time.monotonic() - started:.1f} s"


def _show_switch(console: Console, switch: Switch) -> None:
    where = f"{switch.origin} -> {switch.to}" if switch.origin else f"open {switch.to}"
    state = "in memory before the first keystroke" if switch.preloaded else "not in memory"
    console.print(f"\n   [bold]{where}[/]: {switch.expert} {state}, ready after {switch.ready_ms:.0f} ms")


def _show(console: Console, typed: Typed) -> None:
    keystroke = typed.keystroke
    line = escape(typed.line.lstrip())
    if keystroke.text is None:
        said = f"[dim](silent: {keystroke.silence})[/]"
    else:
        said = "[green]" + escape(keystroke.text.replace("\n", "⏎").replace("\t", "→")) + "[/]"
    how = "typed along" if keystroke.reused else f"{keystroke.prompt_tokens}+{keystroke.decoded_tokens} tokens"
    console.print(f"   {keystroke.wall_ms:6.0f} ms  {how:>14}  {line}‸{said}")


def _show_sums(console: Console, demo: Demo) -> None:
    console.print("\n[bold]3. What it cost[/]")
    for expert in demo.experts:
        console.print(
            f"   {expert['id']}: {expert['file_bytes']:,} bytes on disk, {expert['resident_bytes']:,} in memory,"
            f" loaded in {expert['load_ms']:.0f} ms"
        )
    for switch in demo.switches[1:]:
        console.print(
            f"   switch {switch.origin} -> {switch.to}: ready after {switch.ready_ms:.0f} ms,"
            f" first suggestion {switch.first_suggestion_ms:.0f} ms after the first keystroke"
        )
    console.print(
        f"   engine {demo.engine_resident_bytes:,} bytes resident of a budget of {demo.budget_bytes:,};"
        f" server {demo.server_resident_bytes:,}"
    )
    sys.stdout.flush()
