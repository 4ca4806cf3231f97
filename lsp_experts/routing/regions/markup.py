"""HTML, Vue, Svelte, Astro and PHP: scripts, styles, attributes with code, template expressions, PHP's own text."""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tree_sitter import Node

from lsp_experts.routing.languages import language_named
from lsp_experts.routing.regions.queries import found
from lsp_experts.routing.regions.quoting import attribute, bare
from lsp_experts.routing.regions.spelling import Hole
from lsp_experts.routing.regions.spot import Spot
from lsp_experts.syntax.tree import SyntaxTree

_ATTRIBUTE = re.compile(r"""([\w:@.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
_TAG = re.compile(r"<(script|style)\b", re.I)
_OPENING = re.compile(r"<(?:script|style)\b[^<>]*>", re.I)
_CLOSING = re.compile(r"</(?:script|style)\b", re.I)
_NEXT_TAG = re.compile(r"^[ \t]*<(?:script|style)\b[^\n<>]*>", re.M | re.I)
_PAGE_GOES_ON = re.compile(
    r"^[ \t]*</?(?:script|style|head|body|html|template|main|div|footer)\b[^\n<>]*>", re.M | re.I
)
_SCANNED_CHARS = 50_000
_MOST_TEXTS = 200
_SCRIPT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "": "javascript",
        "module": "javascript",
        "text/babel": "javascriptreact",
        "text/jsx": "javascriptreact",
        "text/typescript": "typescript",
        "application/typescript": "typescript",
        "importmap": "json",
        "speculationrules": "json",
        "text/html": "html",
        "text/ng-template": "html",
        "text/template": "html",
        "text/x-template": "html",
        "text/x-handlebars": "html",
        "text/x-handlebars-template": "html",
        "text/markdown": "markdown",
    }
)
_EVENT = re.compile(r"on[a-z]+$", re.I)
# v-for and v-slot have words of their own.
_VUE_CODE = re.compile(r"(?:@|:|v-(?:bind|if|else-if|on|show|model|html|text|memo)\b)")


def elements(tree: SyntaxTree, node: Node) -> Iterator[Spot]:
    """Scripts and styles among the children of an element, or of what could not be read."""
    children = node.children
    for index, child in enumerate(children):
        tag = tree.source(child) if child.type == "start_tag" else ""
        if not _TAG.match(tag):
            continue
        after = children[index + 1 : index + 3]
        contents = [each for each in after if each.type == "raw_text"]
        closers = [each for each in after if each.type == "end_tag"]
        end = closers[0].start_byte if closers else contents[0].end_byte if contents else child.end_byte
        yield from _content(tree.text, tag, tree.offset(child.end_byte), tree.offset(end), closed=bool(closers))


def open_element(text: str, offset: int) -> Spot | None:
    """The script or style that was begun before `offset` and not ended, as the text alone tells."""
    tag = next(iter(deque(_OPENING.finditer(text, max(offset - _SCANNED_CHARS, 0), offset), maxlen=1)), None)
    if tag is None or _CLOSING.search(text, tag.end(), offset):
        return None
    closing = _CLOSING.search(text, offset)
    found = _content(text, tag[0], tag.end(), closing.start() if closing else len(text), closed=closing is not None)
    return next((spot for spot in found if spot.covers(offset)), None)


def _content(text: str, tag: str, start: int, end: int, *, closed: bool) -> Iterator[Spot]:
    name = tag[1:7] if tag[1:7].lower() == "script" else tag[1:6]
    language = _script(tag) if len(name) == 6 else _style(tag)
    # One that is not closed yet takes what follows; a line that begins with a tag of the page ends it.
    goes_on = (_NEXT_TAG if closed else _PAGE_GOES_ON).search(text, start, end) if language != "html" else None
    if language:
        stop = f"</{name.lower()}"
        yield Spot(
            name.lower(),
            language,
            start,
            goes_on.start() if goes_on else end,
            bare(stop, ends=rf"(?:</?\w*)?{stop}"),
            (stop,),
            marks=(tag[: len(name) + 1],),
        )
    following = _OPENING.match(text, goes_on.end() - len(goes_on[0].lstrip()), end) if goes_on else None
    if following is not None:
        yield from _content(text, following[0], following.end(), end, closed=closed)


def _attributes(tag: str) -> dict[str, str]:
    return {m[1].lower(): (m[2] or m[3] or m[4] or "").strip().lower() for m in _ATTRIBUTE.finditer(tag)}


def _script(tag: str) -> str:
    said = _attributes(tag)
    if said.get("lang"):
        return _dialect(said["lang"])
    kind = said.get("type", "").partition(";")[0].strip()
    if kind.endswith(("/javascript", "/ecmascript", "/x-javascript")):
        return "javascript"
    return "json" if kind.endswith(("/json", "+json")) else _SCRIPT_TYPES.get(kind, "")


def _style(tag: str) -> str:
    said = _attributes(tag)
    kind = said.get("lang") or said.get("type", "").rpartition("/")[2]
    return language_named(kind) if kind else "css"


def _dialect(name: str) -> str:
    return {"tsx": "typescriptreact", "jsx": "javascriptreact"}.get(name) or language_named(name)


def code_attribute(tree: SyntaxTree, node: Node) -> Iterator[Spot]:
    """onclick="...", style="..." and Vue's directives: the value between its quotes."""
    value = node.parent
    if value is None or value.type not in ("attribute", "directive_attribute"):
        return
    head = tree.source(value).partition("=")[0].strip()
    start, end = tree.span(node)
    quote = tree.text[start : start + 1]
    if value.type == "directive_attribute":
        language = _expressions(tree) if _VUE_CODE.match(head) else ""
    else:
        language = "css" if head.lower() == "style" else "javascript" if _EVENT.match(head) else ""
    if language and quote in ("'", '"') and end - start >= 2:
        spot = Spot("attribute", language, start + 1, end - 1, attribute(quote), (quote,), marks=("=",))
        yield spot


def _expressions(tree: SyntaxTree) -> str:
    """The language of the expressions in a component: that of its script."""
    return "typescript" if re.search(r"""<script\b[^>]*\blang=["']?tsx?\b""", tree.text) else "javascript"


def expression(tree: SyntaxTree, node: Node) -> Iterator[Spot]:
    """What stands between the braces of a template, or between the marks of a front matter."""
    text = tree.source(node)
    mark = next((mark for mark in ("{{", "---", "{") if text.startswith(mark)), "")
    closing = {"{": "}", "{{": "}}", "---": "---"}.get(mark, "")
    if node.type == "html_interpolation" and "<" in text:
        return  # markup with code in it, not code
    start, end = tree.span(node)
    if text.endswith(closing) and len(text) >= len(mark) + len(closing):
        start, end = start + len(mark), end - len(closing)
        astro = tree.language == "astro"
        kind = "frontmatter" if mark == "---" else "expression"
        language = "typescript" if astro else _expressions(tree)
        stops = (closing,) if kind == "frontmatter" or closing == "}}" else ()
        quoting = bare(closing, ends=r"\}\}|\{\{|<[/?!\w]" if closing == "}}" else "") if stops else bare("\0")
        yield Spot(kind, language, start, end, quoting, stops, marks=(mark or "{",))


def php_text(tree: SyntaxTree, node: Node) -> Iterator[Spot]:
    """What is outside <?php ... ?>, as one page; a very long one has parts."""
    texts = found(tree, "(text) @found")
    place = next((index for index, text in enumerate(texts) if text.start_byte == node.start_byte), 0)
    part = place // _MOST_TEXTS
    spans = [tree.span(text) for text in texts[part * _MOST_TEXTS : (part + 1) * _MOST_TEXTS]]
    holes = tuple(Hole(before[1], after[0], " ") for before, after in itertools.pairwise(spans) if before[1] < after[0])
    yield Spot(f"html{part or ''}", "html", spans[0][0], spans[-1][1], bare("<?"), ("<?php", "<?="), holes, margin="")
