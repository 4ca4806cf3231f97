"""The registry entries that let our server ask what was exported: an overlay to paste from, checked as one."""

from __future__ import annotations

import json
from typing import Any

from lsp_experts.errors import RegistryError
from lsp_experts.lab.export.engine_files import EngineFiles
from lsp_experts.lab.export.served import Served
from lsp_experts.registry.rules import rule_problems
from lsp_experts.registry.schema import schema_problems

FILE = "expert_registry.json"


def remote_entries(engine: EngineFiles, endpoint: str) -> bytes:
    """A registry of the served experts at `endpoint`. RegistryError if it is none, which is a fault of ours."""
    document = {"version": 1, "experts": [_entry(each, engine.engine, endpoint) for each in engine.served]}
    for problem in (*schema_problems(document), *rule_problems(document, {})):
        raise RegistryError(FILE, problem.json_path, problem.problem, remedy=problem.remedy)
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _entry(each: Served, engine: str, endpoint: str) -> dict[str, Any]:
    entry = each.entry
    domain = entry.domain
    signs = ("imports", "frameworks", "files", "marks")
    return {
        "id": f"remote-{entry.id}",
        "kind": "remote",
        "languages": list(entry.languages),
        **({"patterns": list(entry.patterns)} if entry.patterns else {}),
        "licence": entry.licence,
        "note": f"{entry.id}, served by {engine}; from lsp-experts export.",
        "fim": each.template.name if each.template is not None else "none",
        "context": entry.context,
        **({"non_commercial": True} if entry.non_commercial else {}),
        **({"confidence": entry.confidence} if entry.confidence is not None else {}),
        **(
            {
                "domain": {
                    "name": domain.name,
                    **{sign: list(found) for sign in signs if (found := getattr(domain, sign))},
                }
            }
            if domain is not None
            else {}
        ),
        "remote": {"endpoint": endpoint, "model": entry.id, "server": engine},
    }
