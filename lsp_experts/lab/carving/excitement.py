"""How strongly a language's code excites the feed-forward columns of a base: what ffn_cut goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lsp_experts.completion.templates import choose
from lsp_experts.engine.protocol import LoadReport
from lsp_experts.engine.supervisor import Supervisor
from lsp_experts.lab.carving.importance import calibration_prompts, measure
from lsp_experts.lab.replay_cases import source_files

_PROMPTS = 24  # some 15,000 tokens, minutes on two cores; blocks of 256 columns differ clearly by then


async def column_magnitudes(
    engine: Supervisor, expert: str, report: LoadReport, folders: Sequence[Path], language: str
) -> Mapping[str, NDArray[np.float64]]:
    """Sums of |x| for each column, by layer, over prompts of the folders' code; `report`: of the expert's load.

    CarveError where the folders have no code of `language`; EngineError, EngineDied.
    """
    files = [file for folder in folders for file in source_files(folder) if file.language == language]
    return (await measure(engine, expert, calibration_prompts(files, choose("auto", report), _PROMPTS))).magnitudes
