"""An adapter that was found better becomes an expert: its file in the store, its entry in the user's registry."""

from __future__ import annotations

import shutil
from datetime import date
from typing import Any

from lsp_experts import __version__
from lsp_experts.lab.evaluation.measured import measured_rows
from lsp_experts.lab.training.adapt_job import Adapted, new_name
from lsp_experts.paths import Paths
from lsp_experts.registry.disk import hash_file
from lsp_experts.registry.overlay import add_entry, set_measured
from lsp_experts.registry.store import Installed, Store


def install(adapted: Adapted, store: Store, paths: Paths, today: date) -> Installed:
    """Adopt the file, then name it in the overlay with what was measured. StoreError, RegistryError.

    An older adapter of this id gives way.
    """
    plan = adapted.plan
    with store.temporary() as temporary:
        with store.disk_errors():
            size = adapted.adapter.stat().st_size
            store.require_space(size)
            shutil.copyfile(adapted.adapter, temporary)
            with temporary.open("rb") as file:
                sha256 = hash_file(file)
        add_entry(paths.overlay, _entry(adapted))
        installed = store.adopt(
            plan.expert_id,
            temporary,
            sha256=sha256,
            size=size,
            source=f"adapted over {plan.base.id}",
            licence=plan.base.licence,
            provenance={
                "language": plan.languages[0],
                "base_id": plan.base.id,
                "base_sha256": plan.base_file.sha256,
                "commit": plan.split,
                "rank": str(plan.rank),
                "tokens": str(adapted.trained.tokens),
                "files": str(len(plan.texts.files)),
                "tool_version": __version__,
            },
        )
    rows = measured_rows(adapted.evaluation, plan.languages[0], today.isoformat())
    measured = {plan.base.id: rows[plan.base.id], plan.expert_id: rows[new_name(plan)]}
    set_measured(paths.overlay, plan.languages[0], measured)
    return installed


def _entry(adapted: Adapted) -> dict[str, Any]:
    plan = adapted.plan
    base, (comparison, *_) = plan.base, adapted.comparisons
    bits = comparison.bits_per_byte
    since = "lines of later commits" if plan.split else "held-out files"
    patterns = {"patterns": list(base.patterns)} if base.patterns and set(plan.languages) == set(base.languages) else {}
    return {
        "id": plan.expert_id,
        "kind": "adapter",
        "languages": list(plan.languages),
        **patterns,
        "licence": base.licence,
        "note": f"adapted here: {adapted.trained.tokens:,} tokens of {len(plan.texts.files)} files; on {since}"
        f" {bits.value:+.3f} bits per byte ({bits.low:+.3f} to {bits.high:+.3f}) beside its base",
        "base": base.id,
        "fim": base.fim,
        "context": base.context,
    }
