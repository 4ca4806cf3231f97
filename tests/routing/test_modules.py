"""Which modules a text imports, in each language that is known."""

from __future__ import annotations

import pytest

from lsp_experts.routing.modules import MAX_MODULES, modules
from lsp_experts.syntax.tree import SyntaxTree


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("python", "import a.b as c, d\nfrom e.f import g\nfrom . import h\nfrom .i import j\n", "a.b d e.f"),
        ("go", 'import (\n\t"fmt"\n\tx "github.com/a/b"\n)\n', "fmt github.com/a/b"),
        ("javascript", "import a from 'a'; export * from './b'; const c = require('c/d'); e('f')", "a ./b c/d"),
        ("javascriptreact", "import {a} from 'a'\nconst b = <b>import 'c'</b>", "a"),
        ("typescript", "import type {A} from '@angular/core'; await import('b')", "@angular/core b"),
        ("typescriptreact", "import 'a'", "a"),
        ("c", '#include <omp.h>\n#include "a/b.h"\n', "omp.h a/b.h"),
        ("cpp", "#include <cuda_runtime.h>\n", "cuda_runtime.h"),
        ("cuda-cpp", "#include <thrust/sort.h>\n__global__ void f() {}\n", "thrust/sort.h"),
        ("objective-c", "#import <UIKit/UIKit.h>\n", "UIKit/UIKit.h"),
        ("objective-cpp", "#include <vector>\n", "vector"),
        ("rust", "use tokio::net;\nextern crate foo;\nuse serde;\n", "tokio::net foo serde"),
        ("java", "import org.a.B;\nimport static c.d.E.f;\n", "org.a.B c.d.E.f"),
        ("kotlin", "import org.a.b\nimport c.d.*\n", "org.a.b c.d"),
        ("scala", "import a.b\nimport c._\n", "a.b c._"),
        ("swift", "import SwiftUI\nimport struct A.B\n", "SwiftUI A.B"),
        ("csharp", "using System.Linq;\nusing static A.B;\n", "System.Linq A.B"),
        ("dart", "import 'package:flutter/material.dart';", "package:flutter/material.dart"),
        ("php", "<?php\nuse Illuminate\\Http\\Request;\nuse A\\{B, C};\n", "Illuminate\\Http\\Request A"),
        ("ruby", "require 'rails/all'\nrequire_relative 'x'\na 'b'\n", "rails/all"),
        ("lua", "local a = require('lapis.x')\nlocal b = require \"love\"\nf('x')\n", "lapis.x love"),
        ("r", "library(dplyr)\nrequire('x')\nshiny::runApp(y)\n", "dplyr x shiny"),
        ("julia", "using Flux, Zygote\nusing A: b\nimport X.Y\n", "Flux Zygote A X.Y"),
        ("fortran", "program x\nuse mpi\nuse, intrinsic :: iso_c_binding\nend program\n", "mpi iso_c_binding"),
        ("qmljs", "import QtQuick 2.15\nimport QtQuick.Controls as C\nItem {}\n", "QtQuick QtQuick.Controls"),
        ("haskell", "module M where\nimport qualified Data.Map as M\nimport X\n", "Data.Map X"),
        ("ocaml", "open Core\nopen Lwt.Infix\n", "Core Lwt.Infix"),
        ("elixir", "use Phoenix.Router\nimport Ecto.Query\nfoo Bar\n", "Phoenix.Router Ecto.Query"),
        ("yaml", "import: a\n", ""),
        ("plaintext", "import a\n", ""),
        ("python", "", ""),
    ],
)
def test_modules(language: str, text: str, expected: str) -> None:
    assert " ".join(modules(SyntaxTree(language, text))) == expected


def test_a_text_that_is_still_being_written() -> None:
    assert "torch" in modules(SyntaxTree("python", "import torch\nfrom x import (\ndef f(:\n"))


def test_there_is_a_limit() -> None:
    text = "\n".join(f"import m{number}" for number in range(MAX_MODULES + 50))
    assert len(modules(SyntaxTree("python", text))) == MAX_MODULES
