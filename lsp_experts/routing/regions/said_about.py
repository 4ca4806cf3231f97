"""What the code says of a string: which language it is in, by what the string is passed to, by the name it gets, by a
comment, a tag, and by how it begins. Reads the text only, so that code that is broken while typing tells as much.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_BEFORE_CHARS = 200
_COMMENT = re.compile(r"(?:/\*|(?:#|//|--))\s*(?:language=|lang=)?(\w+)\s*(?:\*/\s*|\n\s*(?:[\w.:,\s]+=\s*)?)$", re.I)
_INJECTED: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("sql", "html", "css", "javascript", "typescript", "json", "graphql", "yaml")},
        **{"js": "javascript", "ts": "typescript", "gql": "graphql", "bash": "shellscript", "sh": "shellscript"},
    }
)
_CALL = re.compile(r"([\w.]+)(?:<[^<>`]*>)?\(\s*(?:[\w.()&\[\]{}\"]*\s*,\s*){0,3}(?:\w+\s*[=:]\s*)?$")
_NAMED = re.compile(r"(\w+)\s*(?::\s*[\w.\[\]| ]+|\s+string)?\s*(?::=|\+=|=|:)\s*\(?\s*$")
_TAG = re.compile(r"([\w.]+)(?:\([^()`]*\))?(?:\.\w+\([^`]*\))*(?:<[^<>`]*>)?$")
_TAGS: Mapping[str, str] = MappingProxyType(
    {
        "sql": "sql",
        "html": "html",
        "svg": "html",
        "css": "css",
        "keyframes": "css",
        "createglobalstyle": "css",
        "injectglobal": "css",
        "styled": "css",
        "gql": "graphql",
        "graphql": "graphql",
        "md": "markdown",
        "markdown": "markdown",
    }
)
# database/sql, sqlx, pgx; DB-API cursors, SQLAlchemy, pandas, Django, asyncpg; pg, mysql2, better-sqlite3, Prisma.
_QUERYING = (
    "query queryrow queryx queryrowx queryxcontext queryrowxcontext querycontext queryrowcontext exec execcontext "
    "mustexec mustexeccontext namedexec namedexeccontext namedquery namedquerycontext prepare preparecontext preparex "
    "preparexcontext preparenamed preparenamedcontext rebind execute executemany executescript mogrify read_sql "
    "read_sql_query fetchval fetchrow fetchone fetchall rawsql $queryraw $executeraw"
)
_MAYBE_QUERYING = "get select getcontext selectcontext text raw all run fetch in sql"
_NAMES = re.compile(
    r"(?:.*_)?(?:sql|query|stmt|statement|ddl|dml)(?:_.*)?|(?:.*[a-z])?(?:SQL|Sql|Query|Stmt)(?:[A-Z0-9]\w*)?|sql[A-Z]\w*",
    re.S,
)
_VERBS = (
    "select insert update delete create alter drop with merge replace truncate explain grant revoke begin commit "
    "pragma values call show describe analyze vacuum copy set use declare savepoint rollback"
)
_FIRST = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*([A-Za-z]*)", re.S)
_STATEMENT = re.compile(rf"\s*(?:{'|'.join(_VERBS.split())})\s", re.I)
_BEGINS = re.compile(
    r"\s*(?:--\s*sql\b|SELECT\s(?=.*\sFROM\s)|INSERT\s+(?:OR\s+\w+\s+)?INTO\s|REPLACE\s+INTO\s|UPDATE\s+[\w.\"`]+\s+SET\s|"
    r"DELETE\s+FROM\s|CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+|UNIQUE\s+)?(?:TABLE|INDEX|VIEW|TRIGGER|FUNCTION|"
    r"SCHEMA|TYPE|EXTENSION|DATABASE)\s|ALTER\s+TABLE\s|DROP\s+(?:TABLE|INDEX|VIEW)\s|TRUNCATE\s+TABLE\s|"
    r"WITH\s+(?:RECURSIVE\s+)?\w+(?:\s*\([^)]*\))?\s+AS\s)",
    re.S,
)


def language_of_string(text: str, start: int, content: str, *, tagged: bool = False) -> str:
    """The language of the string that begins (with its quotes and letters) at `start` of `text`; "" if it is in none.

    `content`: what stands in it. `tagged`: a name right before it says what it is (JavaScript).
    """
    before = text[max(start - _BEFORE_CHARS, 0) : start]
    comment = _COMMENT.search(before)
    if comment is not None and comment[1].lower() in _INJECTED:
        return _INJECTED[comment[1].lower()]
    if tagged and (tag := _TAG.search(before)):
        return _TAGS.get(tag[1].partition(".")[0].lower()) or _TAGS.get(tag[1].rpartition(".")[2].lower(), "")
    return "sql" if _is_sql(before, content) else ""


def _is_sql(before: str, content: str) -> bool:
    if _BEGINS.match(content):
        return True
    first = _FIRST.match(content)
    word = first[1].lower() if first is not None else ""
    verb = any(each.startswith(word) for each in _VERBS.split()) and (bool(word) or not content.strip())
    if not verb:
        return False
    call = _CALL.search(before)
    if call is not None:
        callee = call[1].rpartition(".")[2].lower()
        return callee in _QUERYING.split() or (
            callee in _MAYBE_QUERYING.split() and _STATEMENT.match(content) is not None
        )
    named = _NAMED.search(before)
    return (
        named is not None and _NAMES.fullmatch(named[1]) is not None and (len(word) >= 3 or "sql" in named[1].lower())
    )
