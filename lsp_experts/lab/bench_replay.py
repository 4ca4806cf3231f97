"""`lsp-experts bench replay`: held-out text of a real workspace, typed at real cadence into the real server.

Each row types the same cases with the same gaps between keys: our server as it is, llama.cpp's own server driven as
llama.vim drives it (case by case in turn with ours, with the same model file and as many threads), and our server with
one feature switched off by its setting. lab/replay_scores.py defines the figures, lab/replay_acceptance.py the user.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lsp_experts.engine.cores import physical_cores
from lsp_experts.errors import ExpertsError, UsageError
from lsp_experts.lab.peer_llama_vim import LlamaVim
from lsp_experts.lab.peer_server import is_installed, peer_server
from lsp_experts.lab.replay_acceptance import keys
from lsp_experts.lab.replay_cases import Case, SourceFile, pick_cases, source_files
from lsp_experts.lab.replay_scores import by_language, figures, ratios
from lsp_experts.lab.replay_server import LOOK_S, our_server
from lsp_experts.lab.replay_typist import CADENCE_MS, MAX_KEYS, Run, Subject, gaps_s, type_case
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.expert_files import expert_files
from lsp_experts.registry.store import Store
from lsp_experts.routing.languages import language_of
from lsp_experts.routing.regions import regions
from lsp_experts.syntax.tree import SyntaxTree

FEATURES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "anchor": {"promptStyle": "usual"},
        "context": {"contextChars": 0},
        "regions": {"regions": False},
        "trigger": {"trigger": "always"},
        "debounce": {"debounce": "off"},
        "gate": {"confidence": 0},
        "blocks": {"blocks": False},
        "check_syntax": {"checkSyntax": False},
        "reuse": {"reuseSuggestions": False},
        "speculate": {"speculate": False},
        "drafts": {"draftTokens": 0},
        "imports": {"imports": False},
        "ring": {"ringChunks": 0},
    }
)
_ROW_S, _CASE_S = 10.0, 3.5  # starting a server and loading experts; the first answer at a place, coming to rest
_PEER_FIRST_S = 15.0  # what llama.cpp's server needs for the first answer at a place, on two slow cores

OnCase = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ReplayBench:
    """What to measure. `languages` (): all that the workspace has."""

    folder: Path
    limit: int = 12
    languages: tuple[str, ...] = ()
    features: tuple[str, ...] = tuple(FEATURES)
    peer: bool = True
    cadence_ms: float = CADENCE_MS
    seed: int = 7
    max_keys: int = MAX_KEYS

    def gaps_s(self, case: Case) -> tuple[float, ...]:
        """The pauses between the keys of a case."""
        return gaps_s(case, self.cadence_ms, self.seed)


def cases_of(bench: ReplayBench, paths: Paths) -> tuple[Case, ...]:
    """The cases of a workspace. UsageError if it has none."""
    if not bench.folder.is_dir():
        raise UsageError(f"{bench.folder} is not a folder.", remedy="Give the folder of a project.")
    catalogue = load_catalogue(paths)

    def language_at(file: SourceFile) -> Callable[[int], str]:
        language = language_of(file.path.as_uri() if file.path.is_absolute() else "", file.language, catalogue)
        parts = regions(SyntaxTree(file.language, file.text))

        def at(offset: int) -> str:
            return next((part.language for part in reversed(parts) if part.start <= offset < part.end), language)

        return at

    files = source_files(bench.folder)
    cases = pick_cases(files, bench.limit, bench.seed, language_at, bench.languages)
    if not cases:
        wanted = f" in {', '.join(bench.languages)}" if bench.languages else ""
        raise UsageError(
            f"{bench.folder} has no lines to type{wanted} ({len(files)} files looked at).",
            remedy="Give the folder of a project with source code, and --languages that it has.",
        )
    return cases


def expected_s(bench: ReplayBench, cases: Sequence[Case]) -> float:
    """Seconds the bench takes if nothing is accepted."""
    once = sum(LOOK_S + _CASE_S + sum(bench.gaps_s(case)[: _typed_chars(case.truth, bench.max_keys)]) for case in cases)
    rows = 1 + len(bench.features)
    return rows * (once + _ROW_S) + (once + _PEER_FIRST_S * len(cases) if bench.peer else 0)


def _typed_chars(truth: str, max_keys: int) -> int:
    count = len(truth)
    while keys(truth[:count]) > max_keys:
        count -= 1
    return count


async def bench_replay(
    bench: ReplayBench, cases: Sequence[Case], paths: Paths, on_case: OnCase, command: Sequence[str] | None = None
) -> dict[str, Any]:
    """{"languages": {language: figures}, "all", "without": {feature: figures}, "peer", "ratios", "experts", "notes"}.

    `on_case` is told (row, done, all). `command` starts another server than the installed one. ExpertsError if no
    expert completes any of the cases.
    """
    languages = tuple(sorted({case.language for case in cases}))
    notes: list[str] = []
    peer_runs: list[Run] = []
    async with AsyncExitStack() as stack:
        server, experts = await stack.enter_async_context(our_server({}, bench.folder, languages, command))
        typed = [case for case in cases if experts[case.language]]
        notes += [f"nobody completes {language}" for language, expert in experts.items() if not expert]
        if not typed:
            raise ExpertsError(
                f"Nobody completes {', '.join(languages)}.",
                remedy="`lsp-experts carve --language ...` or `lsp-experts pull qwen2.5-coder-0.5b`.",
            )
        peers = await _peers(stack, bench, experts, paths, notes)
        runs: list[Run] = []
        for number, case in enumerate(typed, start=1):
            runs.append(await _typed(bench, server, case))
            expert = experts[case.language]
            if peer := peers.get(expert):
                try:
                    peer_runs.append(await _typed(bench, peer, case))
                except ExpertsError as error:
                    notes.append(f"{expert} lost its peer: {error.message}")
                    del peers[expert]
            on_case("all", number, len(typed))
    without = {}
    for feature in bench.features:
        without[feature] = figures(await _row(bench, feature, typed, languages, command, on_case))
    ours = figures(runs)
    peer_figures = {**figures(peer_runs), "languages": by_language(peer_runs)} if peer_runs else {}
    return {
        "cases": len(typed),
        "cadence_ms": bench.cadence_ms,
        "seed": bench.seed,
        "threads": physical_cores(),
        "experts": {language: expert for language, expert in experts.items() if expert},
        "languages": by_language(runs),
        "all": ours,
        "without": without,
        "peer": peer_figures,
        "ratios": ratios(figures(_same(runs, peer_runs)), peer_figures) if peer_runs else {},
        "notes": notes,
    }


async def _typed(bench: ReplayBench, subject: Subject, case: Case) -> Run:
    return await type_case(
        subject, case, bench.gaps_s(case), clock=time.monotonic, sleep=asyncio.sleep, max_keys=bench.max_keys
    )


async def _row(
    bench: ReplayBench,
    feature: str,
    cases: Sequence[Case],
    languages: Sequence[str],
    command: Sequence[str] | None,
    on_case: OnCase,
) -> list[Run]:
    runs = []
    async with our_server(FEATURES[feature], bench.folder, languages, command) as (server, _):
        for number, case in enumerate(cases, start=1):
            runs.append(await _typed(bench, server, case))
            on_case(f"without {feature}", number, len(cases))
    return runs


async def _peers(
    stack: AsyncExitStack, bench: ReplayBench, experts: Mapping[str, str], paths: Paths, notes: list[str]
) -> dict[str, LlamaVim]:
    """A llama.cpp server for each expert's model, all of them started; what stands in the way goes to `notes`."""
    if not bench.peer:
        return {}
    if not is_installed():
        notes.append("No peer: llama.cpp's server is not installed. `pip install xllamacpp` brings it.")
        return {}
    catalogue, store = load_catalogue(paths), Store(paths.store)
    peers: dict[str, LlamaVim] = {}
    for expert in sorted({expert for expert in experts.values() if expert}):
        files = expert_files(catalogue, store, expert)
        if files.adapter is not None:
            notes.append(f"{expert} has no peer: it is an adapter.")
            continue
        try:
            server = await stack.enter_async_context(peer_server(files.model.path, physical_cores()))
        except ExpertsError as error:
            notes.append(f"{expert} has no peer: {error.message}")
            continue
        peers[expert] = LlamaVim(server.infill, server.quiet)
    return peers


def _same(runs: Sequence[Run], peer_runs: Sequence[Run]) -> list[Run]:
    """Of ours, those that the peer typed too."""
    cases = {id(run.case) for run in peer_runs}
    return [run for run in runs if id(run.case) in cases]
