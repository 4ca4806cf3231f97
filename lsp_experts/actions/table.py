"""The code actions, in the order of the menu."""

from __future__ import annotations

from lsp_experts.actions import (
    add_types,
    apply_finding,
    complete_body,
    explain,
    fix_problem,
    rename,
    simplify,
    translate,
    write_docstring,
    write_test,
)

ACTIONS = tuple(
    module.ACTION
    for module in (
        apply_finding,
        fix_problem,
        complete_body,
        write_docstring,
        add_types,
        write_test,
        simplify,
        rename,
        translate,
        explain,
    )
)
