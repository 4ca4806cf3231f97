"""`lsp-experts remote`: experts on other machines, and the hosts that code may be sent to."""

from __future__ import annotations

import json
import sys
from typing import Any

from lsp_experts.errors import ExpertsError, UsageError
from lsp_experts.paths import Paths, default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.registry.endpoint import host_of, is_loopback
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.named_hosts import forget_host, is_named, name_host, named_hosts


def run(*, what: str, name: str = "", as_json: bool = False) -> int:
    """List, allow or forget hosts, or ask an expert for a line. 0, or 1 where `check` got no answer."""
    paths = default_paths()
    match what:
        case "allow":
            name_host(paths.named_hosts, name)
            print(f"Text of files that are completed may be sent to {name} now, by every server of this user.")
            return 0
        case "forget":
            if not forget_host(paths.named_hosts, name):
                raise UsageError(f"{name} was not allowed.", remedy="`lsp-experts remote list` shows who is.")
            print(f"Nothing is sent to {name} any more.")
            return 0
        case "check":
            return _check(paths, name)
    return _list(paths, as_json=as_json)


def _list(paths: Paths, *, as_json: bool) -> int:
    catalogue, named = load_catalogue(paths), named_hosts(paths.named_hosts)
    for problem in catalogue.problems:
        print(problem, file=sys.stderr)
    rows = [_row(entry, named) for entry in catalogue.entries.values() if entry.remote is not None]
    if as_json:
        print(json.dumps({"experts": rows, "allowed": sorted(named)}, indent=2))
        return 0
    for row in rows:
        asked = "is asked" if row["allowed"] else f"is not asked: `lsp-experts remote allow {row['host']}` allows it"
        print(f"{row['id']} ({', '.join(row['languages'])}): {row['model']} at {row['endpoint']} {asked}")
    if not rows:
        print(f"No registry names a remote expert. Yours is {paths.overlay}; the README shows an entry.")
    print(f"Hosts that you allowed: {', '.join(sorted(named)) or 'none'}.")
    return 0


def _row(entry: Entry, named: frozenset[str]) -> dict[str, Any]:
    remote = entry.remote
    if remote is None:
        raise UsageError(f"{entry.id} is no remote expert.", remedy="`lsp-experts remote list` shows them.")
    host = host_of(remote.endpoint)
    return {
        "id": entry.id,
        "languages": list(entry.languages),
        "endpoint": remote.endpoint,
        "model": remote.model,
        "server": remote.server,
        "host": host,
        "leaves_this_machine": not is_loopback(host),
        "allowed": is_named(host, named),
    }


def _check(paths: Paths, expert: str) -> int:
    from lsp_experts.server.remotes import first_line

    entry = load_catalogue(paths).get(expert)
    row = _row(entry, named_hosts(paths.named_hosts))
    if not row["allowed"]:
        raise UsageError(
            f"{expert} is not asked: you have not allowed {row['host']}.",
            remedy=f"`lsp-experts remote allow {row['host']}` allows it.",
        )
    try:
        report = first_line(entry)
    except ExpertsError as error:
        print(f"lsp-experts: {expert}: {error}", file=sys.stderr)
        return 1
    print(
        f"{expert} answered in {report.total_ms:.0f} ms ({report.prompt_tokens} prompt tokens decoded,"
        f" {report.cached_tokens} kept): {report.text!r:.120}"
    )
    return 0
