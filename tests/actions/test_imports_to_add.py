"""Imports that new code needs."""

from __future__ import annotations

import pytest

from lsp_experts.actions.imports_to_add import import_edit, parted, used_standard
from lsp_experts.syntax.tree import SyntaxTree


def check(language: str, text: str, imports: list[str], expected: str) -> None:
    """The text with these imports."""
    edit = import_edit(SyntaxTree(language, text), imports)
    at, new = edit if edit is not None else (0, "")
    assert text[:at] + new + text[at:] == expected


@pytest.mark.parametrize(
    ("language", "text", "imports", "expected"),
    [
        ("python", "import os\n\nx = 1\n", ["import re"], "import os\nimport re\n\nx = 1\n"),
        ("python", "import os\r\nx = 1\r\n", ["import re"], "import os\r\nimport re\r\nx = 1\r\n"),
        ("python", "import os\n", ["import os", "import os"], "import os\n"),
        ("python", '"""Doc."""\n\nx = 1\n', ["import re"], '"""Doc."""\n\nimport re\n\nx = 1\n'),
        ("python", "x = 1\n", ["import re", "import os"], "import re\nimport os\n\nx = 1\n"),
        ("python", "from __future__ import annotations\n", ["import re"],
         "from __future__ import annotations\nimport re\n"),
        ("go", "package a\n\nfunc f() {}\n", ['import "fmt"'], 'package a\n\nimport "fmt"\n\nfunc f() {}\n'),
        ("go", 'package a\n\nimport (\n\t"os"\n)\n', ['import "fmt"', 'import "os"'],
         'package a\n\nimport (\n\t"os"\n\t"fmt"\n)\n'),
        ("go", 'package a\n\nimport ("os")\n', ['import "os"'], 'package a\n\nimport ("os")\n'),
        ("javascript", 'import a from "a"; // é\n', ['import b from "b";'],
         'import a from "a"; // é\nimport b from "b";\n'),
        ("python", "#!/usr/bin/python\n# é\n'Doc.'\nx = 1\n", ["import re"],
         "#!/usr/bin/python\n# é\n'Doc.'\n\nimport re\nx = 1\n"),
    ],
)  # fmt: skip
def test_added(language: str, text: str, imports: list[str], expected: str) -> None:
    check(language, text, imports, expected)


@pytest.mark.parametrize(
    ("language", "code", "imports", "rest"),
    [
        ("python", "import re\nfrom a import b\n\n\ndef f():\n    pass\n", ("import re", "from a import b"),
         "def f():\n    pass"),
        ("go", 'package a\n\nimport "fmt"\n\nfunc f() {}\n', ('import "fmt"',), "func f() {}"),
        ("go", 'package a\n\nimport (\n\t"fmt"\n\tr "math/rand"\n)\n\nvar a = 1\n',
         ('import "fmt"', 'import r "math/rand"'), "var a = 1"),
        ("php", "<?php\n\nfunction f() {}\n", (), "function f() {}"),
        ("rust", "use a::b;\n\nfn f() {}\n", ("use a::b;",), "fn f() {}"),
        ("java", "package a;\nimport b.C;\nclass D {}", ("import b.C;",), "class D {}"),
        ("plaintext", "import a\nb", (), "import a\nb"),
    ],
)  # fmt: skip
def test_parted(language: str, code: str, imports: tuple[str, ...], rest: str) -> None:
    assert parted(language, code) == (imports, rest)


@pytest.mark.parametrize(
    ("language", "text", "code", "expected"),
    [
        ("python", "", "math.sqrt(2)", ("import math",)),
        ("python", "import math\n", "math.sqrt(2)", ()),
        ("python", "", "math = 1\nmath.x", ()),
        ("python", "", "self.math.sqrt(2)", ()),
        ("python", "", "with pytest.raises(E):", ("import pytest",)),
        ("go", 'import "os"', 'strings.ToLower("a")', ('import "strings"',)),
        ("go", "", "for _, time := range all {\n\ttime.X()\n}", ()),
        ("javascript", "", "math.sqrt(2)", ()),
    ],
)
def test_used_standard(language: str, text: str, code: str, expected: tuple[str, ...]) -> None:
    assert used_standard(SyntaxTree(language, text), code) == expected
