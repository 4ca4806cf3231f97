"""A cut of a base that is made to be measured: no registry has it, and the bench that made it removes it."""

from __future__ import annotations

from pathlib import Path

from lsp_experts import __version__
from lsp_experts.lab.carving.ffn_cut import Narrowed
from lsp_experts.lab.carving.vocabulary_cut import Provenance, write
from lsp_experts.lab.evaluation.contestants import Entrant, file_entrant
from lsp_experts.lab.gguf_file import GgufFile, Tensor
from lsp_experts.lab.gguf_vocabulary import Ids, Vocabulary

BASE = "base"  # what a bench calls the base that it cuts


def cut_entrant(
    base: GgufFile,
    vocabulary: Vocabulary,
    kept: Ids,
    path: Path,
    *,
    base_sha256: str,
    language: str,
    fim: str,
    one_table: Tensor | None,
    narrowed: Narrowed | None = None,
) -> Entrant:
    """Write the cut to `path`, whose stem is its name; `one_table` and `narrowed` as in vocabulary_cut.write.

    CarveError, OSError.
    """
    origin = Provenance(base_sha256, base.string("general.name") or "", "", language, __version__)
    written = write(base, vocabulary, kept, path, origin, one_table=one_table, narrowed=narrowed)
    return file_entrant(path.stem, path, kind="carved", sha256=written.sha256, made_of=BASE, fim=fim)
