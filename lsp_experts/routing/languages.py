"""Which language a document is in, from its URI and the language id its editor sent. Never looks at the disk."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from urllib.parse import unquote

from lsp_experts.registry.catalogue import Catalogue

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters or more: `C:` is a drive
_MAX_NAME_CHARS = 255

# Editors name languages by their own modes: vim file types, Emacs modes, file endings.
_ALIASES: Mapping[str, str] = MappingProxyType(
    {
        alias: language
        for language, aliases in {
            "c": "c99 c11 h",
            "cpp": "c++ cxx cc hpp arduino cuda cuda-cpp cu",
            "cobol": "cob cbl acucobol opencobol bitlang-cobol",
            "css": "css3 postcss tailwindcss",
            "dockerfile": "docker containerfile dockerfile-ts",
            "fortran": "f77 f90 f95 f03 f08 fortran-modern fortranfreeform fortranfixedform fortran_free-form "
            "fortran_fixed-form",
            "go": "golang go-ts",
            "html": "html5 htm xhtml mhtml html-ts vue svelte astro htmldjango django-html jinja jinja-html jinja2 "
            "handlebars mustache htmlangular angular twig liquid ejs erb eruby gohtml gohtmltmpl gotmpl "
            "aspnetcorerazor razor heex html-eex blade",
            "java": "java-ts",
            "javascript": "js js2 mjs cjs javascriptreact jsx rjsx javascript.jsx",
            "graphql": "gql",
            "json": "jsonc json5 json-with-comments",
            "julia": "jl julia-ts",
            "kotlin": "kt kts kotlinscript kotlin-ts",
            "lua": "luau lua-ts",
            "markdown": "md mkd mdown mdx rmd quarto pandoc gfm",
            "objective-c": "objc",
            "objective-cpp": "objcpp objective-c++",
            "ocaml": "tuareg caml ocaml.interface ocaml_interface",
            "php": "php5 php7 php8 hack",
            "python": "py python3 python-ts ipython",
            "qml": "qmljs qtquick",
            "r": "ess-r rlang",
            "racket": "rkt",
            "ruby": "rb enh-ruby ruby-ts rails",
            "rust": "rs rust-ts rustic",
            "shellscript": "sh bash bash-ts zsh ksh dash shell shell-script shellscript-bash bats",
            "sql": "mysql pgsql plsql plpgsql postgres postgresql sqlite tsql mssql sql-bigquery jinja-sql",
            "terraform": "tf opentofu",
            "yaml": "yml yaml-ts ansible yaml.ansible dockercompose yaml.docker-compose github-actions-workflow "
            "azure-pipelines helm yaml.gitlab",
            "typescript": "ts typescript-ts typescriptreact tsx tsx-ts typescript.tsx",
        }.items()
        for alias in aliases.split()
    }
)

# Aliases that have a grammar of their own, though another language's expert serves them.
_OWN_GRAMMAR: Mapping[str, str] = MappingProxyType(
    {
        "vue": "vue",
        "svelte": "svelte",
        "astro": "astro",
        "jsx": "javascriptreact",
        "javascriptreact": "javascriptreact",
        "tsx": "typescriptreact",
        "tsx-ts": "typescriptreact",
        "typescript.tsx": "typescriptreact",
        "typescriptreact": "typescriptreact",
        "cuda": "cuda-cpp",
        "cuda-cpp": "cuda-cpp",
    }
)
# Ids of editors that say nothing of what is in a notebook's file.
_NOTEBOOK_IDS = frozenset(("", "plaintext", "text", "json", "jsonc", "ipynb", "jupyter", "notebook"))

# Beside the patterns of the registry: languages that no bundled expert names, so that their relatives are found.
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("*.scss", "scss"),
    ("*.sass", "sass"),
    ("*.less", "less"),
    ("*.vue", "vue"),
    ("*.svelte", "svelte"),
    ("*.astro", "astro"),
    ("*.md", "markdown"),
    ("*.markdown", "markdown"),
    ("*.yaml", "yaml"),
    ("*.yml", "yaml"),
    ("*.json", "json"),
    ("*.jsonc", "jsonc"),
    ("*.ipynb", "python"),
    ("*.pyx", "cython"),
    ("*.pxd", "cython"),
    ("BUILD", "starlark"),
    ("*.bzl", "starlark"),
    ("*.m", "objective-c"),
    ("*.mm", "objective-cpp"),
    ("*.cu", "cuda-cpp"),
    ("*.cuh", "cuda-cpp"),
    ("*.hip", "cuda-cpp"),
    ("*.groovy", "groovy"),
    ("*.gradle", "groovy"),
    ("*.scala", "scala"),
    ("*.fish", "fish"),
    ("Dockerfile", "dockerfile"),
    ("Dockerfile.*", "dockerfile"),
    ("*.dockerfile", "dockerfile"),
    ("Containerfile", "dockerfile"),
    ("Makefile", "makefile"),
    ("*.cob", "cobol"),
    ("*.cbl", "cobol"),
    ("*.cpy", "cobol"),
    ("*.jl", "julia"),
    ("*.ml", "ocaml"),
    ("*.mli", "ocaml"),
    ("*.r", "r"),
    ("*.rkt", "racket"),
    ("*.tf", "terraform"),
    ("*.vhd", "vhdl"),
    ("*.vhdl", "vhdl"),
    ("*.cr", "crystal"),
    ("*.tl", "teal"),
)


def language_of(uri: str, language_id: str, catalogue: Catalogue) -> str:
    """The language that experts are chosen by.

    The id the editor sent, if an expert names it or it is an alias of one; else what the file's name says;
    else the id as it is, "plaintext" where it is empty.
    """
    spoken = language_id.strip().lower()
    named = {language for entry in catalogue.entries.values() for language in entry.languages} - {"*"}
    if spoken in named:
        return spoken
    if spoken in _ALIASES:
        return _ALIASES[spoken]
    by_name = _language_by_name(file_name(uri).lower(), catalogue)
    if by_name:
        return by_name if by_name in named else _ALIASES.get(by_name, by_name)
    return spoken or "plaintext"


def syntax_of(uri: str, language_id: str, catalogue: Catalogue) -> str:
    """The language that a document is parsed as: language_of, but components (Vue, Svelte, Astro), TSX and notebook
    files ("ipynb") keep their own, though another language's expert serves them.
    """
    spoken, name = language_id.strip().lower(), file_name(uri).lower()
    if name.endswith(".ipynb") and spoken in _NOTEBOOK_IDS and not uri.startswith("vscode-notebook-cell:"):
        return "ipynb"
    own = _OWN_GRAMMAR.get(spoken)
    if own is not None:
        return own
    language = language_of(uri, language_id, catalogue)
    ending = name.rpartition(".")[2]
    # The file's name is asked where the id left it to, and where the id is that of the serving language.
    return _OWN_GRAMMAR.get(ending, language) if language == _ALIASES.get(ending, language) else language


def language_named(name: str) -> str:
    """The language that people call `name` in a fence, an attribute or a mode line: "golang" is "go"."""
    spoken = name.strip().lower()
    return _OWN_GRAMMAR.get(spoken) or _ALIASES.get(spoken, spoken)


def patterns_of(language: str, catalogue: Catalogue) -> tuple[str, ...]:
    """The patterns by which files are known to be in `language`, without regard to capitals."""
    return tuple(pattern for pattern, named in _all_patterns(catalogue) if named == language)


def file_name(uri: str) -> str:
    """The last part of a URI's path, percent-decoded; also for untitled:, vscode-notebook-cell: and bare paths."""
    scheme = _SCHEME.match(uri)
    if scheme is not None:
        if scheme.group().lower() == "data:":
            return ""
        uri = uri[scheme.end() :].partition("#")[0].partition("?")[0]
    return unquote(uri).replace("\\", "/").rpartition("/")[2][-_MAX_NAME_CHARS:]


def _language_by_name(name: str, catalogue: Catalogue) -> str:
    """The language of the most specific pattern: a whole name before a wildcard, then the longer pattern."""
    best, best_rank = "", (False, 0)
    for pattern, language in _all_patterns(catalogue):
        rank = (not any(character in pattern for character in "*?["), len(pattern))
        if rank > best_rank and fnmatchcase(name, pattern.lower()):
            best, best_rank = language, rank
    return best


def _all_patterns(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    for entry in catalogue.entries.values():
        yield from ((pattern, entry.languages[0]) for pattern in entry.patterns)
    yield from _PATTERNS
