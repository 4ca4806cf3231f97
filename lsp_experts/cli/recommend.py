"""`lsp-experts recommend [DIR]`: which experts a workspace asks for, and which one each language should start with, by
what `lsp-experts eval` found.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import Catalogue, load_sound_catalogue
from lsp_experts.registry.overlay import set_preferred
from lsp_experts.registry.store import Installed, Store
from lsp_experts.settings import Settings

if TYPE_CHECKING:
    from lsp_experts.lab.evaluation.recommendation import Recommendation
    from lsp_experts.lab.proposals import Proposal


def run(*, folder: Path | None, apply: bool, reset: bool, as_json: bool) -> int:
    """Print the recommendations, and with `apply` let routing go by what was measured; `reset` forgets all preferences.

    0; UsageError if `folder` is none.
    """
    from lsp_experts.lab.evaluation.measured import recommendations

    if folder is not None and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", remedy="Give the folder of a workspace, or none.")
    paths = default_paths()
    if reset:
        preferred = load_sound_catalogue(paths).preferred
        if preferred:
            set_preferred(paths.overlay, dict.fromkeys(preferred, ""))
    catalogue, installed = load_sound_catalogue(paths), Store(paths.store).installed()
    proposed = _proposals(folder, catalogue, installed) if folder is not None else ()
    hashes = {expert: one.sha256 for expert, one in installed.items()}
    said = recommendations(catalogue, hashes, catalogue.measured)
    if apply and (changes := {each.language: each.expert for each in said if each.changes}):
        set_preferred(paths.overlay, changes)
    if as_json:
        rows = [{**asdict(each), "changes": each.changes} for each in said]
        preferred = dict(load_sound_catalogue(paths).preferred)
        proposals = {"proposals": [asdict(each) for each in proposed]} if folder is not None else {}
        print(json.dumps({"recommendations": rows, "preferred": preferred, **proposals}))
        return 0
    _print(folder, proposed, said, applied=apply)
    return 0


def _proposals(folder: Path, catalogue: Catalogue, installed: dict[str, Installed]) -> tuple[Proposal, ...]:
    from lsp_experts.lab.proposals import proposals
    from lsp_experts.lab.survey import survey
    from lsp_experts.server.project_files import frameworks
    from lsp_experts.server.workspace_folder import WorkspaceFolder

    workspace = WorkspaceFolder(folder)
    contents = survey(folder, catalogue, frameworks(workspace, Settings()), workspace.ignored_by)
    return proposals(contents, catalogue, {expert: one.size for expert, one in installed.items()})


def _print(
    folder: Path | None, proposed: tuple[Proposal, ...], said: tuple[Recommendation, ...], *, applied: bool
) -> None:
    from lsp_experts.lab.proposals import sentences

    for sentence in sentences(proposed):
        print(sentence)
    if folder is not None and not proposed:
        print(f"{folder} has no files of a language that is known.")
    for each in said:
        print(each.sentence + ".")
    if not said:
        print("Nothing was measured yet: `lsp-experts eval DIR` does.")
    elif any(each.changes for each in said):
        print("A server that starts from now on goes by it." if applied else "`lsp-experts recommend --apply` does it.")
