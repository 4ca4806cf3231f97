"""What a rewritten stretch no longer imports and still uses."""

from __future__ import annotations

import pytest
from actions.places import place

from lsp_experts.actions.kept_definitions import unimported

PY = "‸import re\nfrom dataclasses import dataclass as d\n\nx = re.findall(d)\n‸"
GO = '‸package a\n\nimport (\n\t"fmt"\n\t"net/http"\n)\n\nvar x = http.Get\n‸'
JS = "‸import { readFile } from 'node:fs/promises';\nreadFile('promises');\n‸"


@pytest.mark.parametrize(
    ("language", "marked", "new_text", "name"),
    [
        ("python", PY, "import re\nfrom dataclasses import dataclass as d\n\nx = re.split(d)\n", ""),
        ("python", PY, "from re import findall\n\nx = findall('')\n", ""),
        ("python", PY, "import re\n\nx = re.split(d)\n", "d"),
        ("python", PY, "from dataclasses import dataclass as d\nx = re.split(d)\n", "re"),
        ("python", PY, "x = a.re\n", ""),
        ("python", f"import re\n‸x = re‸\n{PY.replace('‸', '')}", "y = re", ""),
        ("go", GO, 'package a\n\nimport "net/http"\n\nvar x = http.Head\n', ""),
        ("go", GO, "package a\n\nvar x = http.Head\n", "http"),
        ("go", GO, "package a\n\nvar net = 1\n", ""),
        ("javascript", JS, "readFile('x');\n", "readFile"),
        ("javascript", JS, "const promises = 1;\n", ""),
        ("no-such-language", PY, "x = re", ""),
    ],
)
def test_what_is_used_stays_imported(language: str, marked: str, new_text: str, name: str) -> None:
    at = place(language, marked)
    expected = f"it uses {name} and no longer imports it" if name else ""
    assert unimported(at.tree, at.start, at.end, new_text) == expected
