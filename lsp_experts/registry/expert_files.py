"""Which files of the store an expert needs: its own, and for an adapter its base's."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_experts.errors import NotInstalled
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.store import Installed, Store


@dataclass(frozen=True)
class ExpertFiles:
    """A model, and the adapter over it where the expert is one."""

    model: Installed
    adapter: Installed | None = None


def expert_files(catalogue: Catalogue, store: Store, expert: str) -> ExpertFiles:
    """The expert's checked files; may hash all of them. UnknownExpert, NotInstalled, ModelRejected."""
    entry = catalogue.get(expert)
    own = store.check(expert)
    if entry.kind != "adapter" or entry.base is None:
        return ExpertFiles(own)
    base = catalogue.get(entry.base)
    if store.recorded(base.id) is None:
        raise NotInstalled(f"The base of {expert} is not installed: {base.id}.", remedy=f"Run {install_command(base)}.")
    return ExpertFiles(store.check(base.id), own)


def install_command(entry: Entry) -> str:
    """What a user types to get this expert, in back quotes."""
    if entry.kind == "carved" and not entry.sources:
        return f"`lsp-experts carve --language {entry.languages[0]}`"
    if entry.kind == "adapter" and not entry.sources:
        return f"`lsp-experts adapt DIR --id {entry.id}`"
    return f"`lsp-experts pull {entry.id}`"


def adapters_over(catalogue: Catalogue, store: Store, base: str) -> list[str]:
    """The installed adapters that cannot be loaded without `base`."""
    installed = store.installed()
    return [entry.id for entry in catalogue.entries.values() if _needs(entry, base) and entry.id in installed]


def _needs(entry: Entry, base: str) -> bool:
    return entry.kind == "adapter" and entry.base == base
