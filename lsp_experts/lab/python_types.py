"""The types that a Python function is written with, and the function without them. Pure."""

from __future__ import annotations

import ast


def types_of(text: str, name: str) -> dict[str, str]:
    """The types of a function's parameters and its result ("return"), as Python reads them."""
    function = _definition(text, name)
    if function is None:
        return {}
    found = {each.arg: ast.unparse(each.annotation) for each in _parameters(function) if each.annotation is not None}
    return found | ({"return": ast.unparse(function.returns)} if function.returns is not None else {})


def without_types(text: str, name: str) -> str:
    """The text with the function's types taken out."""
    function = _definition(text, name)
    if function is None:
        return text
    data = text.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    spans = []
    for each in _parameters(function):
        if each.annotation is not None:
            begin = starts[each.lineno - 1] + each.col_offset + len(each.arg.encode())
            spans.append((begin, starts[(each.end_lineno or 1) - 1] + (each.end_col_offset or 0)))
    if (result := function.returns) is not None:
        written = starts[result.lineno - 1] + result.col_offset
        arrow = data.rindex(b"->", 0, written)
        spans.append((len(data[:arrow].rstrip()), starts[(result.end_lineno or 1) - 1] + (result.end_col_offset or 0)))
    for start, end in sorted(spans, reverse=True):
        data = data[:start] + data[end:]
    return data.decode()


def _definition(text: str, name: str) -> ast.FunctionDef | None:
    try:
        nodes = ast.walk(ast.parse(text))
    except SyntaxError:
        return None
    return next((each for each in nodes if isinstance(each, ast.FunctionDef) and each.name == name), None)


def _parameters(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
