"""The files that a matrix compares: as many tokens, one table, each its own language's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lsp_experts.errors import CarveError
from lsp_experts.lab.carving.cut_entrant import BASE
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.gguf_vocabulary import Vocabulary, read_vocabulary
from lsp_experts.lab.matrix.models import CODE, Counted, coverages, keep_sets, write_models
from lsp_experts.lab.tiny_gguf import write_tiny_gguf


def counted(vocabulary: Vocabulary, **words: int) -> Counted:
    found = np.zeros(len(vocabulary), np.int64)
    for word, count in words.items():
        found[vocabulary.tokens.index(word.encode())] = count
    return Counted(found, found)


def test_a_language_keeps_its_words_and_the_control_those_that_most_text_needs(tmp_path: Path) -> None:
    with GgufFile(write_tiny_gguf(tmp_path / "tiny.gguf")) as file:
        vocabulary = read_vocabulary(file)
    counts = {
        "go": counted(vocabulary, func=500, nil=1000, err=400),  # twenty times the text of the other one
        "css": counted(vocabulary, width=60, color=50, html=40),
    }
    least = 256 + 7
    kept = keep_sets(vocabulary, counts, least + 9)
    words = {name: {vocabulary.tokens[i].decode() for i in ids if i >= 256} for name, ids in kept.items()}
    assert {name: len(ids) for name, ids in kept.items()} == {
        "go": least + 9, "css": least + 9, CODE: least + 9, BASE: len(vocabulary),
    }  # fmt: skip
    assert {"nil", "func", "err"} <= words["go"]
    assert {"width", "color"} <= words["css"]
    assert not {"width", "color"} & words["go"]
    assert {"nil", "width"} <= words[CODE]
    shares = coverages(vocabulary, kept, counts)
    assert shares["go"]["go"].kept_share == shares[BASE]["css"].kept_share == 1.0
    assert shares["go"]["css"].kept_share < shares[CODE]["css"].kept_share < 1.0
    with pytest.raises(CarveError):
        keep_sets(vocabulary, counts, 100)


def test_files_of_one_size(tmp_path: Path) -> None:
    steps = []
    with GgufFile(write_tiny_gguf(tmp_path / "tiny.gguf", quantised=True)) as file:
        vocabulary = read_vocabulary(file)
        counts = {"go": counted(vocabulary, nil=9), "css": counted(vocabulary, width=9)}
        kept = keep_sets(vocabulary, counts, 270)
        entrants = write_models(file, vocabulary, kept, tmp_path, "auto", lambda *step: steps.append(step))
    sizes = {each.name: each.file_bytes for each in entrants}
    assert abs(sizes["go"] - sizes["css"]) < 300
    assert max(sizes["go"], sizes["css"], sizes[CODE]) < sizes[BASE]
    assert {each.name: (each.kind, each.made_of) for each in entrants} == {
        "go": ("carved", BASE), "css": ("carved", BASE), CODE: ("carved", BASE), BASE: ("model", ""),
    }  # fmt: skip
    assert len({each.sha256 for each in entrants}) == 4
    for each in entrants:
        with GgufFile(each.model.path) as made:
            assert len(read_vocabulary(made)) == len(kept[each.name])
    assert steps[0] == ("cutting go", 0, 4)
