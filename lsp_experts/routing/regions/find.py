"""Finds the regions of a document: the one at an offset, and all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from tree_sitter import Node

from lsp_experts.routing.regions import markdown, markup, notebook, strings
from lsp_experts.routing.regions.cell import cell_of, magic_of
from lsp_experts.routing.regions.queries import found
from lsp_experts.routing.regions.region import Region
from lsp_experts.routing.regions.spot import Spot
from lsp_experts.syntax.tree import SyntaxTree

Finder = Callable[[SyntaxTree, Node], Iterator[Spot]]

_MAX_REGIONS = 64
_MAX_CHARS = 60_000  # of all regions of a document
_MAX_DEPTH = 3
_QUOTE = re.compile(r"[\"'`]")

_ELEMENTS: Mapping[str, Finder] = MappingProxyType(
    {
        "script_element": markup.elements,
        "style_element": markup.elements,
        "quoted_attribute_value": markup.code_attribute,
        "ERROR": markup.elements,
    }
)
_STRINGS: Mapping[str, Finder] = MappingProxyType({"template_string": strings.javascript})
# For each host language: which nodes can hold a region.
HOSTS: Mapping[str, Mapping[str, Finder]] = MappingProxyType(
    {
        "html": _ELEMENTS,
        "vue": {**_ELEMENTS, "interpolation": markup.expression},
        "svelte": {
            **_ELEMENTS,
            "raw_text_expr": markup.expression,
            "raw_text_each": markup.expression,
            "expression": markup.expression,
        },
        "astro": {
            **_ELEMENTS,
            "frontmatter": markup.expression,
            "html_interpolation": markup.expression,
            "attribute_interpolation": markup.expression,
        },
        "php": {"text": markup.php_text},
        "markdown": {
            "fenced_code_block": markdown.fence,
            "minus_metadata": markdown.front_matter,
            "plus_metadata": markdown.front_matter,
        },
        "ipynb": {"pair": notebook.source},
        "python": {"string": strings.python, "concatenated_string": strings.python},
        "go": {"raw_string_literal": strings.go, "interpreted_string_literal": strings.go},
        "javascript": _STRINGS,
        "javascriptreact": _STRINGS,
        "typescript": _STRINGS,
        "typescriptreact": _STRINGS,
    }
)
_PAGES = frozenset(("html", "vue", "svelte", "astro"))
_CODE = frozenset(("python", "go", "javascript", "javascriptreact", "typescript", "typescriptreact"))

# A region that holds others is parsed at each keystroke to look into it: at most some milliseconds.
_MAX_NESTED_CHARS = MappingProxyType({language: 8_000 if language in _CODE else 20_000 for language in HOSTS})


def region_at(tree: SyntaxTree, offset: int, earlier: str = "") -> Region | None:
    """The innermost region that holds `offset` (code points); None: the document's own language is at work there.

    `earlier`: the text of the notebook's cells before this one; then the whole document is a region that goes on
    from it, unless another one holds the offset.
    """
    magic = magic_of(tree.text, offset) if tree.language == "python" else None
    if magic is not None:
        return magic
    return _region_at(tree, offset, None) or (cell_of(tree.language, tree.text, earlier) if earlier else None)


def regions(tree: SyntaxTree) -> tuple[Region, ...]:
    """The regions of a document in order, not those inside of them; at most 64 and 100,000 characters."""
    finders = HOSTS.get(tree.language)
    if finders is None:
        return ()
    nodes = found(tree, "[" + " ".join(f"({kind})" for kind in finders) + "] @found")
    results: dict[int, Region] = {}
    chars = end = 0
    for node in nodes:
        if tree.offset(node.start_byte) < end:
            continue
        for spot in finders[node.type](tree, node):
            if spot.start < end or spot.start in results:
                continue
            region = spot.region(tree.text, None)
            chars += spot.end - spot.start
            if len(results) == _MAX_REGIONS or chars > _MAX_CHARS:
                return tuple(results.values())
            if region is not None:
                results[spot.start], end = region, spot.end
    return tuple(results.values())


def _region_at(tree: SyntaxTree, offset: int, within: Region | None, depth: int = 1) -> Region | None:
    spot = _spot_at(tree, offset)
    region = spot.region(tree.text, within) if spot is not None else None
    if region is None or depth == _MAX_DEPTH or len(region.text) > _MAX_NESTED_CHARS.get(region.language, -1):
        return region
    if region.language in _CODE and not _QUOTE.search(region.text):
        return region
    place = region.mapping.inside(offset - region.source.origin)
    if place is None:
        return region
    return _region_at(SyntaxTree(region.language, region.text), place, region, depth + 1) or region


def _spot_at(tree: SyntaxTree, offset: int) -> Spot | None:
    finders = HOSTS.get(tree.language)
    root = tree.root if finders is not None else None
    if finders is None or root is None:
        return None
    for start in dict.fromkeys((offset, max(offset - 1, 0))):
        node = tree.node_at(start, offset)
        while node is not None:
            finder = finders.get(node.type)
            for spot in finder(tree, node) if finder is not None else ():
                if spot.covers(offset):
                    return spot
            node = node.parent
    if not root.has_error:
        return None
    if tree.language in _PAGES:
        return markup.open_element(tree.text, offset)
    return strings.open_string(tree, offset) if tree.language in _CODE else None
