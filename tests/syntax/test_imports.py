"""What imports may mean, by language, as paths of the workspace."""

from __future__ import annotations

import pytest

from lsp_experts.syntax.imports import MAX_IMPORTS, Place, go_module_of, imports
from lsp_experts.syntax.tree import SyntaxTree


def found(language: str, path: str, text: str, go_module: str = "") -> list[tuple[str, ...]]:
    return list(imports(SyntaxTree(language, text), Place(path, go_module)))


@pytest.mark.parametrize(
    ("language", "path", "text", "among"),
    [
        ("python", "pkg/sub/m.py", "from . import x", ["pkg/sub/x.py"]),
        ("python", "pkg/sub/m.py", "from ..p.q import r as s", ["pkg/p/q.py"]),
        ("python", "pkg/sub/m.py", "import a.b as c, d", ["a/b.py", "d.py"]),
        ("python", "src/pkg/m.py", "from pkg.store import Cart", ["src/pkg/store.py"]),
        ("python", "m.py", "from shop import cart", ["shop/cart.py"]),
        ("python", "m.py", "from shop import Cart", ["shop/__init__.py"]),
        ("typescript", "src/a/m.ts", "import {b} from './x'", ["src/a/x.ts"]),
        ("javascript", "m.js", "const q = require('../lib/q')", []),
        ("javascript", "a/m.js", "const q = require('../lib/q')", ["lib/q/index.js"]),
        ("typescript", "m.ts", "export * from './z.js'", ["z.ts"]),
        ("typescript", "m.ts", "import React from 'react'", []),
        ("rust", "src/main.rs", "mod foo;\nuse crate::a::{b, c::D};", ["src/foo.rs", "src/a/b.rs", "src/a/c.rs"]),
        ("rust", "src/net/http.rs", "mod tls;\nuse super::dns;", ["src/net/http/tls.rs", "src/net/dns.rs"]),
        ("rust", "src/main.rs", "use std::fs;", []),
        ("java", "src/main/java/a/b/X.java", "package a.b;\nimport c.D;\nimport static c.E.f;",
         ["src/main/java/c/D.java", "src/main/java/c/E.java", "src/main/java/a/b/"]),
        ("kotlin", "k/a/X.kt", "package a\nimport b.C\nimport d.*\n", ["k/b/C.kt", "k/d/", "k/a/"]),
        ("c", "lib/x.c", '#include "y.h"\n#include <stdio.h>', ["lib/y.h"]),
        ("cpp", "src/x.cpp", '#include "z/y.hpp"', ["include/z/y.hpp"]),
        ("php", "src/Shop/X.php",
         "<?php\nnamespace App\\Shop;\nuse App\\Store\\{Cart, Row as R};\nrequire __DIR__ . '/y.php';",
         ["src/Store/Cart.php", "src/Store/Row.php", "src/Shop/y.php"]),
        ("ruby", "lib/a/b.rb", "require_relative '../x'\nrequire 'shop/cart'", ["lib/x.rb", "lib/shop/cart.rb"]),
        ("lua", "m.lua", "local x = require('a.b')", ["a/b.lua"]),
        ("shellscript", "bin/x.sh", ". ./lib.sh\nsource ../env.sh", ["bin/lib.sh", "env.sh"]),
        ("html", "site/i.html", '<script src="x.js?v=1"></script><link rel=stylesheet href=/c/a.css>',
         ["site/x.js", "c/a.css"]),
        ("css", "c/x.css", "@import url('y.css');\n@import \"z.css\";", ["c/y.css", "c/z.css"]),
        ("scss", "c/x.scss", "@use 'y';", ["c/_y.scss"]),
        ("markdown", "a.md", "[x](y.md)", []),
        ("python", "m.py", "import (((\nfrom ... import\n", []),
    ],
)  # fmt: skip
def test_imports(language: str, path: str, text: str, among: list[str]) -> None:
    """Each expected path is one that an import may mean; where none is expected, none leads into the workspace."""
    candidates = found(language, path, text)
    assert [path for path in among if not any(path in paths for paths in candidates)] == []
    assert bool(candidates) == bool(among) or language == "python"


def test_go_packages_are_folders() -> None:
    text = 'package m\nimport (\n\t"fmt"\n\tx "example.com/shop/cart"\n\t"example.com/shopping"\n)\n'
    assert found("go", "cmd/m.go", text, "example.com/shop") == [("cart/",), ("cmd/",)]
    assert go_module_of("// a comment\nmodule example.com/shop // b\n\ngo 1.22\n") == "example.com/shop"
    assert go_module_of("") == ""


@pytest.mark.parametrize(
    ("language", "path", "text"),
    [
        ("javascript", "a/m.js", "import x from '../../../etc/passwd'"),
        ("c", "x.c", '#include "/etc/passwd"\n#include "../../etc/passwd"'),
        ("html", "i.html", '<script src="https://example.com/x.js"></script>'),
        ("shellscript", "x.sh", "source /etc/profile"),
        ("ruby", "x.rb", "require_relative '../../x'"),
    ],
)
def test_nothing_outside_the_workspace_is_named(language: str, path: str, text: str) -> None:
    assert all(
        not each.startswith(("/", "..")) and "://" not in each
        for paths in found(language, path, text)
        for each in paths
    )


def test_bounds() -> None:
    text = "".join(f"import m{number}\n" for number in range(1000))
    assert len(found("python", "m.py", text)) == MAX_IMPORTS
