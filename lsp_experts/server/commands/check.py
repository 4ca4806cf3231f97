"""lspExperts.check: runs the command that the user set for this folder, on a copy of it, and tries one repair.

Only ever by hand; which command, the user's own check.json says (actions/check/configured.py), and no argument of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types as t

from lsp_experts.actions.outcome import Outcome
from lsp_experts.errors import ActionRefused
from lsp_experts.server.running_actions import Progress, Run

if TYPE_CHECKING:
    from lsp_experts.actions.check.checking import Verdict
    from lsp_experts.server.language_server import ExpertsServer

NAME = "lspExperts.check"
_OUTPUT_LINES = 20


async def run(ls: ExpertsServer, arguments: Sequence[Any]) -> Any:
    """{"passed", "command", "seconds", "errors", "output"} and, after a failure, what came of the repair.

    The argument {"repair": false} leaves that out.
    """
    repair = not (arguments and isinstance(arguments[0], Mapping) and arguments[0].get("repair") is False)
    found: dict[str, Any] = {}

    async def work(progress: Progress) -> Outcome | None:
        checks = (await ls.built()).checks
        if checks is None:
            raise ActionRefused("This server runs no checks.")
        check = await checks.check()
        views = await checks.views(check, ls.actions.touched)
        verdict = await checks.run(check, views, progress)
        found.update(_told(verdict))
        sentence = f"`{found['command']}` {verdict.told} ({verdict.seconds:.1f} s)."
        if verdict.passed or not repair:
            ls.notices.show(sentence, t.MessageType.Info if verdict.passed else t.MessageType.Warning)
            return None
        try:
            return await checks.repair(verdict, views, progress)
        except ActionRefused as error:
            raise ActionRefused(f"{sentence} {error.message}", remedy=error.remedy) from error

    came = await ls.actions.carry_out(Run("check", "Checking", ls.workspace_uri, work, edits=False))
    return {**found, **(came or {})} or None


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "passed": verdict.passed,
        "command": " ".join(verdict.check.command),
        "seconds": round(verdict.seconds, 3),
        "exitCode": verdict.code,
        "errors": [
            {"path": error.path, "line": error.line, "column": error.column, "message": error.message}
            for error in verdict.errors
        ],
        "output": "\n".join(verdict.output.splitlines()[-_OUTPUT_LINES:]),
    }
