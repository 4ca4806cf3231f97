"""Starts the real server with one action of the test's own, over the fake engine if it is given faults ("-": none)."""

from __future__ import annotations

import sys

from lsp_experts.actions import table
from lsp_experts.actions.action import Action, Job, Offer
from lsp_experts.actions.files import Files
from lsp_experts.actions.generator import Hole
from lsp_experts.actions.outcome import Change, Edited, Outcome
from lsp_experts.actions.place import Place
from lsp_experts.engine.command import fake_command
from lsp_experts.engine.protocol import Stop
from lsp_experts.errors import ActionRefused
from lsp_experts.server.assembly import builder
from lsp_experts.server.serve import serve


def offers(place: Place, files: Files) -> tuple[Offer, ...]:
    return (Offer("Fill the selection", "refactor.rewrite", {"max": 24}),) if place.selected else ()


async def run(job: Job) -> Outcome:
    place = job.place
    hole = Hole(place.text[: place.start], place.text[place.end :])
    stop = Stop(max_tokens=job.data["max"])
    said = await job.generator.fill(place.language, hole, stop, progress=job.progress)
    if not said.text.strip():
        raise ActionRefused(f"{said.expert} said nothing.")
    return Edited("Fill", (Change(place.view.uri, place.start, place.end, said.text, place.view.version),))


def main() -> int:
    table.ACTIONS = (Action("completeBody", "fim", offers, run),)
    faults = sys.argv[1:]
    command = fake_command(*(fault for fault in faults if fault != "-")) if faults else None
    return serve(tcp=False, host="", port=0, log_file=None, log_level="INFO", build=builder(command=command))


if __name__ == "__main__":
    sys.exit(main())
