"""How much each column of a base matters for a language: what ffn_cut and requantising go by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsp_experts.completion.templates import choose
from lsp_experts.engine.protocol import LoadReport
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.lab.carving.importance import Importance, calibration_prompts, measure
from lsp_experts.lab.replay_cases import source_files

_PROMPTS = 24  # some 15,000 tokens, minutes on two cores; blocks of 256 columns differ clearly by then


async def corpus_importance(
    engine: Supervisor, expert: str, report: LoadReport, folders: Sequence[Path], language: str
) -> Importance:
    """Of the loaded `expert`, over prompts of the folders' code; `report`: of its load.

    CarveError where the folders have no code of `language`; EngineError, EngineDied.
    """
    files = [file for folder in folders for file in source_files(folder) if file.language == language]
    return await measure(engine, expert, calibration_prompts(files, choose("auto", report), _PROMPTS))
