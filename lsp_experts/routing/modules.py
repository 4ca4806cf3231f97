"""Which modules a text imports, by the names that it calls them; where they are is for syntax/imports.py. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lsp_experts.routing.regions.queries import found
from lsp_experts.syntax.grammars import grammar_name
from lsp_experts.syntax.tree import SyntaxTree

MAX_MODULES = 200  # of one text

_SCRIPTS = """
    (import_statement source: (string) @found)
    (export_statement source: (string) @found)
    (call_expression function: [(identifier) (import)] @called arguments: (arguments . (string) @found)
        (#match? @called "^(require|import)$"))"""
_C = "(preproc_include path: [(system_lib_string) (string_literal)] @found)"
# By grammar, what stands for a module.
_QUERIES: Mapping[str, str] = MappingProxyType(
    {
        "python": """
            (import_statement name: (dotted_name) @found)
            (import_statement name: (aliased_import name: (dotted_name) @found))
            (import_from_statement module_name: (dotted_name) @found)""",
        **dict.fromkeys(("javascript", "typescript", "tsx"), _SCRIPTS),
        **dict.fromkeys(("c", "cpp", "cuda", "objc"), _C),
        "go": "(import_spec path: (_) @found)",
        "rust": "(use_declaration argument: (_) @found) (extern_crate_declaration name: (_) @found)",
        "java": "(import_declaration (scoped_identifier) @found)",
        "kotlin": "(import_header (identifier) @found)",
        "scala": "(import_declaration) @found",
        "swift": "(import_declaration (identifier) @found)",
        "csharp": "(using_directive [(qualified_name) (identifier)] @found)",
        "dart": "(import_or_export (library_import (import_specification (configurable_uri) @found)))",
        "php": """
            (namespace_use_clause (qualified_name) @found)
            (namespace_use_declaration (namespace_name) @found)""",
        "ruby": """
            (call method: (identifier) @called arguments: (argument_list . (string) @found)
                (#eq? @called "require"))""",
        "lua": """
            (function_call name: (identifier) @called arguments: (arguments . (string) @found)
                (#eq? @called "require"))""",
        "r": """
            (call function: (identifier) @called arguments: (arguments . (argument value: (_) @found))
                (#match? @called "^(library|require)$"))
            (namespace_operator lhs: (identifier) @found)""",
        "julia": """
            (using_statement [(identifier) (import_path)] @found) (using_statement (selected_import . (_) @found))
            (import_statement [(identifier) (import_path)] @found) (import_statement (selected_import . (_) @found))""",
        "fortran": "(use_statement (module_name) @found)",
        "qmljs": "(ui_import source: (_) @found)",
        "haskell": "(import module: (module) @found)",
        "ocaml": "(open_module module: (module_path) @found)",
        "elixir": "(call target: (identifier) @called (arguments . (alias) @found) (#match? @called "
        '"^(use|import|require|alias)$"))',
    }
)


def modules(tree: SyntaxTree) -> tuple[str, ...]:
    """The modules that the text of `tree` imports, each as it is spelled there without quotes; at most MAX_MODULES.

    What stands behind a module's name ("::{a, b}") may be part of it. None where nothing is known of the language.
    """
    query = _QUERIES.get(grammar_name(tree.language))
    if query is None:
        return ()
    nodes = found(tree, query)[:MAX_MODULES]
    names = (tree.source(node).removeprefix("import ").strip("\"'`<>; \t\r\n") for node in nodes)
    return tuple(dict.fromkeys(name for name in names if name))
