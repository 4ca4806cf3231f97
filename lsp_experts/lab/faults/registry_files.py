"""The drill of registry files: whatever lies where the user's registry should be, the bundled one serves."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from lsp_experts.errors import RegistryError
from lsp_experts.lab.faults.raw_client import SCRIPTED, RawClient
from lsp_experts.lab.faults.registry_mutations import Make, mutations, whole_files
from lsp_experts.lab.faults.row import Row
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.paths import Paths
from lsp_experts.registry.catalogue import Catalogue, load_catalogue, load_registry, registry_problems

_MUTATIONS = 1000
_SERVED = 5  # servers that are started over a bad file; the other files are read without one
_URI = "untitled:page.html"


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """R1, and a server over bad files."""
    bundled = load_catalogue(stand.paths)
    seen: Counter[str] = Counter()
    count = stand.times(_MUTATIONS)
    for number, (_name, make) in enumerate(mutations(stand.seed, count)):
        if number % 50 == 0:
            on_step("registry files", number, count)
        seen[await asyncio.to_thread(outcome, stand.paths, bundled, make)] += 1
    handled = seen["refused"] + seen["in order"]
    others = "".join(f", {times} {what}" for what, times in seen.items() if what not in ("refused", "in order"))
    said = f"{handled}/{count} handled: {seen['refused']} refused by name and place, {seen['in order']} in order"
    row = Row("R1", "registry mutations", f"{count}/{count} handled, place named, 0 uncaught", said + others,
              handled == count)  # fmt: skip
    completed = 0
    names = random.Random(stand.seed).sample(sorted(whole_files()), stand.times(_SERVED))
    for number, name in enumerate(names):
        on_step("servers over bad registries", number, len(names))
        put(stand.paths.overlay, whole_files()[name])
        completed += await completes(stand.home, str(stand.paths.overlay))
    served = f"{completed}/{len(names)} complete and tell it once"
    target = f"{len(names)}/{len(names)} complete and tell it once"
    return row, Row("R1", "servers over a bad registry", target, served, served == target)


def outcome(paths: Paths, bundled: Catalogue, make: Make) -> str:
    """What becomes of what `make` puts in the place of the user's registry: "refused" where file and JSON path are
    named and the bundled registry serves, "in order" where it is a registry after all, else the fault in words.
    """
    put(paths.overlay, make)
    try:
        catalogue = load_catalogue(paths)
        if not catalogue.problems:
            load_registry(paths.overlay, beside=bundled)
            return "in order"
        first = registry_problems(paths.overlay, beside=bundled)[0]
    except Exception as error:
        return f"raised {type(error).__name__}"
    if catalogue.entries != bundled.entries or catalogue.related != bundled.related:
        return "served by something else"
    return "refused" if _names_its_place(first, catalogue.problems, paths.overlay) else "without a place"


def _names_its_place(error: RegistryError, problems: tuple[str, ...], file: Path) -> bool:
    where = f"{file}: at {error.json_path}: "
    return len(problems) == 1 and where in problems[0] and error.json_path.startswith("$") and bool(error.remedy)


def put(overlay: Path, make: Make) -> None:
    """What `make` makes, in the place of what is at `overlay`."""
    overlay.parent.mkdir(parents=True, exist_ok=True)
    if overlay.is_dir() and not overlay.is_symlink():
        shutil.rmtree(overlay)
    overlay.unlink(missing_ok=True)
    make(overlay)


async def completes(home: Path, said: str) -> bool:
    """Whether a server completes HTML, and tells the user exactly one thing that holds `said`."""
    async with RawClient.start({"LSP_EXPERTS_HOME": str(home)}, SCRIPTED) as client:
        await client.call(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
        client.notify("initialized", {})
        inserted = await inserted_text(client, _URI, "html", "<ul>\n")
    told = [each["params"]["message"] for each in client.sent if each["method"] == "window/showMessage"]
    return bool(inserted) and sum(said in message for message in told) == 1


async def inserted_text(client: RawClient, uri: str, language: str, text: str) -> str:
    """What is suggested at the end of a new document, once its expert is in memory."""
    client.notify(
        "textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": language, "version": 1, "text": text}}
    )
    end = {"line": text.count("\n"), "character": 0}
    params = {"textDocument": {"uri": uri}, "position": end, "context": {"triggerKind": 1}}
    for number in range(100):
        answer: dict[str, Any] = await client.call(f"{uri} {number}", "textDocument/inlineCompletion", params)
        items = (answer.get("result") or {}).get("items") or []
        if items:
            return str(items[0]["insertText"])
        await asyncio.sleep(0.1)  # the expert is loading
    return ""
