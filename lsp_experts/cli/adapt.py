"""`lsp-experts adapt DIR`: trains an adapter on the user's own code, and installs it if it is better than its base."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_experts.cli.given import check_workspace
from lsp_experts.cli.progress import ShareProgress
from lsp_experts.errors import UsageError
from lsp_experts.paths import Paths, default_paths
from lsp_experts.registry.catalogue import load_catalogue, load_sound_catalogue
from lsp_experts.registry.store import Store
from lsp_experts.routing.chain import chain

if TYPE_CHECKING:
    from lsp_experts.lab.training.adapt_job import Adapted
    from lsp_experts.lab.training.adapt_plan import AdaptOrder, Plan


def run(
    *, folder: Path, base: str, language: str, expert_id: str, minutes: float | None, tokens: int | None, rank: int,
    learning_rate: float, limit: int, refresh: bool, keep: Path | None, dry_run: bool, as_json: bool,
) -> int:  # fmt: skip
    """Train, judge, install; 0, or 1 where the adapter is not better and so was not installed."""
    from lsp_experts.lab.training.adapt_job import require_torch
    from lsp_experts.lab.training.adapt_plan import AdaptOrder

    _check_folders(folder, keep)
    for option, value, least, most in (
        ("--minutes", minutes, 0.01, 1e5),
        ("--tokens", tokens, 1, 1e12),
        ("--rank", rank, 1, 256),
        ("--learning-rate", learning_rate, 0, 1e3),
        ("--limit", limit, 40, 1e5),
    ):
        if value is not None and not least <= value <= most:
            raise UsageError(f"{option} {value:g} cannot be.", remedy=f"Give a number from {least:g} to {most:g}.")
    if not dry_run:
        require_torch()
    order = AdaptOrder(folder, base, language, expert_id, minutes, tokens, rank, learning_rate, limit, refresh, keep)
    result = _adapt(order, default_paths(), dry_run)
    if as_json:
        print(json.dumps(result))
    return 0 if dry_run or result["installed"] or result["nothing_new"] else 1


def _adapt(order: AdaptOrder, paths: Paths, dry_run: bool) -> dict[str, Any]:
    from lsp_experts.lab.training.adapt_job import adapt
    from lsp_experts.lab.training.adapt_plan import adapter_id, plan
    from lsp_experts.lab.training.adapt_state import AdaptState

    catalogue, store = load_sound_catalogue(paths), Store(paths.store)  # not after hours: it will be written to
    name = adapter_id(order)
    entry = catalogue.entries.get(name)
    if entry is not None and entry.kind != "adapter":
        raise UsageError(f"{name} is an expert that is no adapter.", remedy="Name the new one with --id.")
    store.sweep()
    with store.lock(name, lambda: _say(f"another process is working on {name}; waiting for it")):
        made = plan(order, catalogue, store, name, AdaptState(paths, name).split_of)
        if made is None:
            _say(f"{name} has seen all there is: no commit that it could learn from and be judged by is new.")
            return {"id": name, "installed": False, "nothing_new": True}
        _say_plan(made)
        result: dict[str, Any] = {"nothing_new": False, "installed": False, **_told_plan(made)}
        if dry_run:
            return result
        with ShareProgress() as progress:
            try:
                adapted = adapt(order, made, catalogue, store, paths, progress)
            except KeyboardInterrupt:
                progress.say("What was trained and measured so far is kept: the same command goes on from there.")
                raise
        return result | _told(adapted) | {"installed": _install(adapted, paths, store)}


def _install(adapted: Adapted, paths: Paths, store: Store) -> bool:
    from lsp_experts.lab.training.adapt_install import install
    from lsp_experts.lab.training.adapt_state import AdaptState

    name, judgement = adapted.plan.expert_id, adapted.judgement
    for reason in judgement.reasons:
        _say(f"{name}, {reason}")
    if not judgement.better:
        _say(
            f"{name} is not installed: it is not seen to be better. More --minutes go on with its training;"
            " --keep FILE keeps it for you."
        )
        return False
    installed = install(adapted, store, paths, date.today())
    AdaptState(paths, name).forget()
    _say(f"{name} is installed: {installed.size:,} bytes over {adapted.plan.base.id}\n  {installed.path}")
    language = adapted.plan.languages[0]
    first = chain(load_catalogue(paths), language, store.installed()).candidates[0].expert
    _say(
        f"A server that starts from now on answers with it in {language}."
        if first == name
        else f"In {language} {first} still answers first; `lsp-experts recommend` says what to prefer."
    )
    return True


def _say_plan(plan: Plan) -> None:
    left_out = plan.texts.left_out
    whence = f"as of {plan.split[:12]}" if plan.split else "as they are: there is no history to divide them by"
    judges = "lines that were written later" if plan.split else "files that are held out"
    _say(f"{plan.expert_id}: a LoRA adapter of rank {plan.rank} over {plan.base.id}, for {', '.join(plan.languages)}")
    _say(
        f"texts: {len(plan.texts.files):,} files, {plan.texts.characters / 1e6:.2f} MB, {whence}; left out:"
        f" {left_out.copies} copies, {left_out.secrets} with what looks like a key, {left_out.unusable} unusable"
    )
    _say(f"judged by: {len(plan.cases)} cases in {judges}, of {plan.judged_files} files")
    if plan.start:
        _say(f"goes on from the installed {plan.expert_id}, which had seen {plan.start.provenance['commit'][:12]}")


def _told_plan(plan: Plan) -> dict[str, Any]:
    return {
        "id": plan.expert_id,
        "base": plan.base.id,
        "languages": list(plan.languages),
        "rank": plan.rank,
        "commit": plan.split,
        "refreshed": plan.start is not None,
        "texts": {"files": len(plan.texts.files), "characters": plan.texts.characters, **asdict(plan.texts.left_out)},
        "cases": len(plan.cases),
        "judged_files": plan.judged_files,
    }


def _told(adapted: Adapted) -> dict[str, Any]:
    return {
        "trained": asdict(adapted.trained),
        "better": adapted.judgement.better,
        "reasons": list(adapted.judgement.reasons),
        "comparisons": [asdict(comparison) for comparison in adapted.comparisons],
    }


def _check_folders(folder: Path, keep: Path | None) -> None:
    check_workspace(folder)
    if keep is not None and (keep.is_dir() or not keep.absolute().parent.is_dir()):
        raise UsageError(f"{keep} is no name for a file.", remedy="--keep takes a file in a folder that is there.")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
