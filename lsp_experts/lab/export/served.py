"""What an engine elsewhere would serve: experts of the registry, with their files or where those come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_experts.completion.templates import FimTemplate
from lsp_experts.errors import UsageError
from lsp_experts.lab.model_template import model_template, named_template
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry, FileSource, HubSource
from lsp_experts.registry.expert_files import install_command
from lsp_experts.registry.store import Store

Place = Path | HubSource  # a file that is here, or one that the engine's host fetches


@dataclass(frozen=True)
class Served:
    """One expert: `model` is its own file, or its base's under an `adapter`. Without `template`: left to right."""

    entry: Entry
    base: Entry  # whose file `model` is; the expert itself, unless it is an adapter
    model: Place
    adapter: Path | None = None
    template: FimTemplate | None = None

    @property
    def id(self) -> str:
        """The expert's id, which is its name at the engine too."""
        return self.entry.id


@dataclass(frozen=True)
class LeftOut:
    """An expert that the engine cannot serve, and why, as the end of a sentence."""

    expert: str
    why: str


def served_experts(
    catalogue: Catalogue, store: Store, wanted: Sequence[str]
) -> tuple[tuple[Served, ...], tuple[LeftOut, ...]]:
    """The experts named in `wanted`, or all that are installed, in registry order, and those that cannot be served.

    Blocking: files are hashed where they changed. UnknownExpert, ModelRejected; UsageError where nothing is left.
    """
    chosen = [catalogue.get(expert) for expert in dict.fromkeys(wanted)] or list(_installed(catalogue, store))
    served: list[Served] = []
    left_out: list[LeftOut] = []
    for entry in chosen:
        found = _served(catalogue, store, entry)
        if isinstance(found, Served):
            served.append(found)
        else:
            left_out.append(found)
    if not served:
        why = "; ".join(f"{each.expert}: {each.why}" for each in left_out) or "no expert is installed"
        raise UsageError(
            f"There is nothing to serve: {why}.", remedy="Name experts with --expert, or pull one: `lsp-experts pull`."
        )
    return tuple(served), tuple(left_out)


def _installed(catalogue: Catalogue, store: Store) -> Iterable[Entry]:
    installed = store.installed()
    return (entry for entry in catalogue.entries.values() if entry.id in installed)


def _served(catalogue: Catalogue, store: Store, entry: Entry) -> Served | LeftOut:
    if entry.kind == "remote":
        return LeftOut(entry.id, "it is served elsewhere already")
    base = catalogue.get(entry.base) if entry.kind == "adapter" and entry.base else entry
    model = _place(store, base)
    adapter = _place(store, entry) if entry is not base else None
    if model is None:
        return LeftOut(entry.id, f"{base.id} is not installed, and no repository has its file: {_first(base)}")
    if isinstance(adapter, HubSource) or (entry is not base and adapter is None):
        return LeftOut(entry.id, f"engines take adapters as files: {_first(entry)}")
    fim = entry.fim if entry.fim != "auto" else base.fim
    if isinstance(model, Path):
        template = model_template(fim, model)
    elif fim == "auto":
        why = f"only its file tells which template it was trained with: {_first(base)}, or give its entry a `fim`"
        return LeftOut(entry.id, why)
    else:
        template = named_template(fim)
    return Served(entry, base, model, adapter, template)


def _place(store: Store, entry: Entry) -> Place | None:
    if store.recorded(entry.id) is not None:
        return store.check(entry.id).path
    for source in entry.sources:
        if isinstance(source, FileSource) and Path(source.path).expanduser().is_file():
            return Path(source.path).expanduser()
        if isinstance(source, HubSource):
            return source
    return None


def _first(entry: Entry) -> str:
    return f"{install_command(entry)} first"
