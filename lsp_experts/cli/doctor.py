"""`lsp-experts doctor`: what works here, what does not, and what to do about it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape

from lsp_experts.lab.examine import Finding, examine
from lsp_experts.paths import default_paths


def run(*, as_json: bool) -> int:
    """Print every finding; 0 if all is well."""
    console = Console(stderr=as_json, highlight=False, soft_wrap=True)
    findings = asyncio.run(_collect(console))
    if as_json:
        print(json.dumps({"ok": all(f.ok for f in findings), "findings": [asdict(f) for f in findings]}))
    bad = sum(not finding.ok for finding in findings)
    console.print("All is well." if not bad else f"{bad} of {len(findings)} need a look.")
    return 1 if bad else 0


async def _collect(console: Console) -> list[Finding]:
    findings = []
    async for finding in examine(default_paths()):
        findings.append(finding)
        mark = "[green]ok[/]  " if finding.ok else "[red]bad[/] "
        console.print(f"{mark} [bold]{escape(finding.topic)}[/]: {escape(finding.found)}")
        if not finding.ok:
            console.print(f"      -> {escape(finding.remedy)}")
    return findings
