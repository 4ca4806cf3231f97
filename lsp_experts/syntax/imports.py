"""What a text imports, as paths that may exist in its workspace. Pure: nobody looks here whether they do.

Paths are relative to the workspace's folder, with "/". A path that ends in "/" stands for the files of that folder in
the text's own language.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tree_sitter import Node

from lsp_experts.syntax.tree import SyntaxTree

MAX_IMPORTS = 64  # of one text
_MAX_NODES = 4000  # looked at in one text: imports stand at the top
_SCRIPTS = ("ts", "tsx", "js", "jsx", "mjs", "cjs", "vue", "svelte", "d.ts")
_STYLES = ("css", "scss", "sass", "less")
_QUOTED = re.compile(r"""["']([^"'\n]{1,200})["']""")
_CSS_URL = re.compile(r"""url\(\s*["']?([^"')\s]{1,200})""")


@dataclass(frozen=True)
class Place:
    """Where the text stands. `go_module` is the module path of the workspace's go.mod, "" without one."""

    path: str
    go_module: str = ""

    @property
    def folder(self) -> str:
        """The text's own folder, "" for the workspace's."""
        return posixpath.dirname(self.path)


def imports(tree: SyntaxTree, place: Place) -> tuple[tuple[str, ...], ...]:
    """For each import of the text of `tree` the paths that it may mean, the likeliest first; at most MAX_IMPORTS.

    Those that surely lead outside are left out.
    """
    root, reader = tree.root, _READERS.get(tree.language)
    if root is None or reader is None:
        return ()
    found: dict[tuple[str, ...], None] = {}
    for candidates in reader(tree, root, place):
        paths = tuple(dict.fromkeys(path for each in candidates if (path := _clean(each))))
        if paths:
            found[paths] = None
        if len(found) == MAX_IMPORTS:
            break
    return tuple(found)


def go_module_of(text: str) -> str:
    """The module path that a go.mod names."""
    found = re.search(r"^module[ \t]+(\S{1,200})", text, re.MULTILINE)
    return found.group(1).strip('"') if found else ""


def _clean(path: str) -> str:
    """`path` without dots; "" where it leaves the workspace or names no file."""
    if "\0" in path or "://" in path or path.startswith("/"):
        return ""
    clean = posixpath.normpath(path)
    if clean in (".", "..") or clean.startswith("../"):
        return "./" if path.endswith("/") and clean == "." else ""
    return clean + "/" if path.endswith("/") else clean


# -- one reader per family of languages -----------------------------------------------------------------------------

_Reader = Callable[[SyntaxTree, Node, Place], Iterator[Sequence[str]]]


def _python(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    for node in _below(root, "import_statement", "import_from_statement"):
        names = [tree.source(_without_alias(child)) for child in node.children_by_field_name("name")]
        if node.type == "import_statement":
            for name in names:
                yield _python_files(place, name.replace(".", "/"), "")
            continue
        named = node.child_by_field_name("module_name")
        module = tree.source(named) if named is not None else ""
        rest = module.lstrip(".")
        module_path = rest.replace(".", "/")
        if module != rest:
            up = "/".join([".."] * (len(module) - len(rest) - 1))
            base = posixpath.join(place.folder, up, module_path).rstrip("/")
            for name in names:
                module_files = (f"{base}.py", f"{base}/__init__.py") if module_path else (f"{base}/__init__.py",)
                yield (f"{base}/{name}.py", f"{base}/{name}/__init__.py", *module_files)
        else:
            for name in names or [""]:
                yield _python_files(place, module_path, name)


def _python_files(place: Place, module: str, name: str) -> list[str]:
    """A module is looked for in the workspace, in its src folder and in the folders above the text."""
    parts = place.folder.split("/") if place.folder else []
    roots = ["", "src", *("/".join(parts[:count]) for count in range(len(parts), 0, -1))]
    found = []
    for base in (posixpath.join(root, module) for root in roots):
        found += [f"{base}/{name}.py", f"{base}/{name}/__init__.py"] if name else []
        found += [f"{base}.py", f"{base}/__init__.py"]
    return found


def _go(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    for node in _below(root, "import_spec"):
        module = _text_in_quotes(tree, node)
        if place.go_module and (module + "/").startswith(place.go_module + "/"):
            yield (module[len(place.go_module) + 1 :] + "/",)
    yield (place.folder + "/" if place.folder else "./",)  # the files of a package see each other


def _scripts(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    for node in _below(root, "import_statement", "export_statement", "call_expression"):
        if node.type == "call_expression":
            called = node.child_by_field_name("function")
            if called is None or tree.source(called) not in ("require", "import"):
                continue
            module = _text_in_quotes(tree, node)
        else:
            source = node.child_by_field_name("source")
            module = tree.source(source).strip("\"'") if source is not None else ""
        if module.startswith("."):
            base = posixpath.join(place.folder, module)
            bare = re.sub(r"\.[mc]?jsx?$", "", base)  # TypeScript imports x.js and means x.ts
            yield (base, *(f"{bare}.{end}" for end in _SCRIPTS), *(f"{base}/index.{end}" for end in _SCRIPTS))


def _rust(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    stem = posixpath.splitext(posixpath.basename(place.path))[0]
    own = place.folder if stem in ("main", "lib", "mod") else posixpath.join(place.folder, stem)
    parts = place.folder.split("/")
    crate = "/".join(parts[: len(parts) - parts[::-1].index("src")]) if "src" in parts else place.folder
    for node in _below(root, "mod_item", "use_declaration"):
        if node.type == "mod_item":
            name = node.child_by_field_name("name")
            if name is not None and node.child_by_field_name("body") is None:
                base = posixpath.join(own, tree.source(name))
                yield (f"{base}.rs", f"{base}/mod.rs")
            continue
        argument = node.child_by_field_name("argument")
        for use in _rust_paths(tree.source(argument) if argument is not None else ""):
            first, *rest = use.split("::")
            base = {"crate": crate, "self": own, "super": posixpath.dirname(own)}.get(first, "")
            if base or first == "crate":
                full = [posixpath.join(base, *rest[:count]) for count in range(len(rest), 0, -1)]
                yield [path for each in full for path in (f"{each}.rs", f"{each}/mod.rs")]


def _rust_paths(argument: str) -> list[str]:
    """`a::{b, c::D}` is `a::b` and `a::c::D`; what is nested deeper ends there."""
    head, opened, inner = "".join(argument.split()).partition("{")
    tails = inner.rstrip("}").split(",") if opened else [""]
    return [(head + tail.partition("{")[0]).rstrip(":") for tail in tails if head or tail]


def _java(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    end = posixpath.splitext(place.path)[1]
    package = next((_dotted(tree, node) for node in _below(root, "package_declaration", "package_header")), "")
    source_root = _above_namespace(place.folder, package.split(".") if package else [])
    for node in _below(root, "import_declaration", "import_header"):
        name = _dotted(tree, node)
        if "*" in tree.source(node):
            yield (posixpath.join(source_root, *name.split(".")) + "/",)
        elif name:
            base = posixpath.join(source_root, *name.split("."))
            yield (base + end, posixpath.dirname(base) + end)  # the second: a member of a class
    yield (place.folder + "/" if place.folder else "./",)  # the files of a package see each other


def _above_namespace(folder: str, names: Sequence[str]) -> str:
    """The source root: `folder` without the end that it has in common with a namespace."""
    parts = folder.split("/") if folder else []
    common = 0
    while common < min(len(parts), len(names)) and parts[-1 - common].casefold() == names[-1 - common].casefold():
        common += 1
    return "/".join(parts[: len(parts) - common])


def _dotted(tree: SyntaxTree, node: Node) -> str:
    found = [child for child in node.named_children if child.type in ("scoped_identifier", "identifier")]
    return "".join(tree.source(found[0]).split()) if found else ""


def _c(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    for node in _below(root, "preproc_include"):
        path = node.child_by_field_name("path")
        if path is not None and path.type == "string_literal":
            name = tree.source(path).strip('"')
            yield (posixpath.join(place.folder, name), name, f"include/{name}", f"src/{name}")


def _php(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    namespace: list[str] = []
    for node in _below(root, "namespace_definition", "namespace_use_declaration", *_PHP_INCLUDES):
        if node.type == "namespace_definition":
            name = node.child_by_field_name("name")
            namespace = tree.source(name).split("\\") if name is not None else []
        elif node.type == "namespace_use_declaration":
            for used in _php_names(tree.source(node)):
                yield _php_files(place, namespace, used.strip("\\").split("\\"))
        else:
            path = _text_in_quotes(tree, node)
            yield (posixpath.join(place.folder, path.lstrip("/")), path.lstrip("/"))


_PHP_INCLUDES = ("require_expression", "require_once_expression", "include_expression", "include_once_expression")


def _php_names(declaration: str) -> list[str]:
    text = re.sub(r"^use\s+(?:function\s+|const\s+)?", "", declaration.strip().rstrip(";"))
    head, opened, inner = text.partition("{")
    names = (inner.rstrip("} ") if opened else text).split(",")
    return [(head if opened else "").strip() + re.split(r"\s+as\s+", name.strip())[0] for name in names if name.strip()]


def _php_files(place: Place, namespace: Sequence[str], used: Sequence[str]) -> list[str]:
    """PSR-4: a namespace prefix stands for a folder, the one that this text's own namespace and folder show."""
    root = _above_namespace(place.folder, namespace)
    common = len(place.folder.split("/")) - len(root.split("/")) if root else place.folder.count("/") + 1
    prefix = namespace[: len(namespace) - common] if place.folder else namespace
    below = used[len(prefix) :] if list(used[: len(prefix)]) == list(prefix) else used
    return [posixpath.join(root, *below) + ".php", "/".join(used) + ".php", posixpath.join("src", *below) + ".php"]


def _ruby(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    for node in _below(root, "call"):
        method = node.child_by_field_name("method")
        called = tree.source(method) if method is not None else ""
        name = _text_in_quotes(tree, node) if called in ("require", "require_relative") else ""
        if name and called == "require_relative":
            yield (posixpath.join(place.folder, name + ".rb"),)
        elif name:
            yield (f"lib/{name}.rb", f"{name}.rb")


def _lua(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    for node in _below(root, "function_call"):
        name = node.child_by_field_name("name")
        if name is not None and tree.source(name) == "require":
            path = _text_in_quotes(tree, node).replace(".", "/")
            bases = (path, f"lua/{path}", posixpath.join(place.folder, path))
            yield [f"{base}{end}" for base in bases for end in (".lua", "/init.lua")]


def _shell(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    for node in _below(root, "command"):
        name, argument = node.child_by_field_name("name"), node.child_by_field_name("argument")
        if name is not None and argument is not None and tree.source(name) in (".", "source"):
            yield (posixpath.join(place.folder, tree.source(argument).strip("\"'")),)


def _css(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    for node in _below(root, "import_statement", "use_statement", "forward_statement"):
        said = tree.source(node)
        found = _CSS_URL.search(said) or _QUOTED.search(said)
        if found:
            base = posixpath.join(place.folder, found.group(1))
            folder, name = posixpath.split(base)
            yield (base, *(f"{path}.{end}" for end in _STYLES for path in (base, f"{folder}/_{name}")))


def _markup(tree: SyntaxTree, root: Node, place: Place) -> Iterator[Sequence[str]]:
    for node in _below(root, "start_tag", "self_closing_tag"):
        source = tree.source(node)
        found = re.match(r"<(script|link)\b", source, re.IGNORECASE)
        wanted = "src" if found and found.group(1).lower() == "script" else "href"
        path = re.search(rf"""\b{wanted}\s*=\s*["']?([^"'\s>]{{1,200}})""", source) if found else None
        if path:
            name = path.group(1).partition("?")[0].lstrip("/")
            yield (posixpath.join(place.folder, name), name)


_READERS: Mapping[str, _Reader] = MappingProxyType(
    {
        **dict.fromkeys(("python", "cython", "starlark"), _python),
        "go": _go,
        **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), _scripts),
        "rust": _rust,
        **dict.fromkeys(("java", "kotlin", "groovy", "scala"), _java),
        **dict.fromkeys(("c", "cpp", "cuda-cpp", "objective-c", "objective-cpp"), _c),
        "php": _php,
        "ruby": _ruby,
        "lua": _lua,
        "shellscript": _shell,
        **dict.fromkeys(_STYLES, _css),
        **dict.fromkeys(("html", "vue", "svelte", "astro"), _markup),
    }
)


# -- nodes ------------------------------------------------------------------------------------------------------------


def _below(root: Node, *kinds: str) -> Iterator[Node]:
    """Nodes of these kinds in their order, near the text's top."""
    waiting, seen = [root], 0
    while waiting and seen < _MAX_NODES:
        node = waiting.pop()
        seen += 1
        if node.type in kinds:
            yield node
        waiting.extend(reversed(node.named_children))


def _without_alias(node: Node) -> Node:
    return node.child_by_field_name("name") or node if node.type == "aliased_import" else node


def _text_in_quotes(tree: SyntaxTree, node: Node) -> str:
    found = _QUOTED.search(tree.source(node)[:400])
    return found.group(1) if found else ""
