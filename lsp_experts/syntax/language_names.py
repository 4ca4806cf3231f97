"""Language ids as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "cobol": "COBOL", "cpp": "C++", "csharp": "C#", "css": "CSS", "graphql": "GraphQL", "html": "HTML",
        "javascript": "JavaScript", "javascriptreact": "JavaScript (JSX)", "json": "JSON", "jsonc": "JSON",
        "less": "Less", "ocaml": "OCaml", "php": "PHP", "powershell": "PowerShell", "qml": "QML", "sass": "Sass",
        "scss": "SCSS", "shellscript": "shell script", "sql": "SQL", "systemverilog": "SystemVerilog", "toml": "TOML",
        "typescript": "TypeScript", "typescriptreact": "TypeScript (TSX)", "vhdl": "VHDL", "yaml": "YAML",
    }
)  # fmt: skip


def language_name(language: str) -> str:
    """The name of an LSP language id, for a sentence or a title."""
    return _NAMES.get(language, language.capitalize())
