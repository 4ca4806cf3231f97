"""`lsp-experts recommend`: which expert each language should start with, by what `lsp-experts eval` found."""

from __future__ import annotations

import json
from dataclasses import asdict

from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_sound_catalogue
from lsp_experts.registry.overlay import set_preferred
from lsp_experts.registry.store import Store


def run(*, apply: bool, reset: bool, as_json: bool) -> int:
    """Print the recommendations, and with `apply` let routing go by them; `reset` forgets all preferences. 0."""
    from lsp_experts.lab.evaluation.measured import recommendations

    paths = default_paths()
    if reset:
        preferred = load_sound_catalogue(paths).preferred
        if preferred:
            set_preferred(paths.overlay, dict.fromkeys(preferred, ""))
    catalogue = load_sound_catalogue(paths)
    installed = {expert: one.sha256 for expert, one in Store(paths.store).installed().items()}
    said = recommendations(catalogue, installed, catalogue.measured)
    if apply and (changes := {each.language: each.expert for each in said if each.changes}):
        set_preferred(paths.overlay, changes)
    if as_json:
        rows = [{**asdict(each), "changes": each.changes} for each in said]
        print(json.dumps({"recommendations": rows, "preferred": dict(load_sound_catalogue(paths).preferred)}))
        return 0
    for each in said:
        print(each.sentence + ".")
    if not said:
        print("Nothing was measured yet: `lsp-experts eval DIR` does.")
    elif any(each.changes for each in said):
        print("A server that starts from now on goes by it." if apply else "`lsp-experts recommend --apply` does it.")
    return 0
