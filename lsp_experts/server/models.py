"""Where the experts' files are, and how the engine shall open them: by registry, store and settings."""

from __future__ import annotations

from collections.abc import Mapping

from lsp_experts.completion.templates import control_texts
from lsp_experts.engine.cores import physical_cores
from lsp_experts.engine.repacking import repacking_pays
from lsp_experts.paths import Paths
from lsp_experts.pool.budget import default_budget_bytes, memory_now
from lsp_experts.pool.model import Model
from lsp_experts.pool.prediction import predict_resident_bytes
from lsp_experts.registry.catalogue import Catalogue
from lsp_experts.registry.entry import Entry
from lsp_experts.registry.expert_files import ExpertFiles, expert_files
from lsp_experts.registry.store import Installed, Store
from lsp_experts.routing.chain import AUTO, NONE
from lsp_experts.settings import Settings

ALL_LAYERS = 1000  # more than any model has


class Models:
    """`settings` may be replaced at any time; what is loaded already stays as it is."""

    def __init__(self, catalogue: Catalogue, paths: Paths, settings: Settings) -> None:
        self._catalogue, self._paths, self._store = catalogue, paths, Store(paths.store)
        self.settings = settings
        self._memory = memory_now()  # before anything is loaded

    def locate(self, expert: str) -> Model:
        """The expert's checked files; may hash all of them. NotInstalled, ModelRejected, UnknownExpert."""
        return self._model(self._catalogue.get(expert), expert_files(self._catalogue, self._store, expert))

    def identities(self) -> dict[str, str]:
        """Expert id -> what its answers depend on, for all that is installed; nothing is hashed.

        An adapter without its base is named too: the routing says what it lacks.
        """
        found = self._store.installed()
        return {expert: self._identity(expert, found) for expert in found}

    def budget_bytes(self) -> int:
        """The setting, or half of what was available at the start and at least what the largest installed expert takes;
        nothing while completion is off.

        Reads every record of the store.
        """
        if not self.settings.enabled:
            return 0
        if self.settings.memory_budget_bytes:
            return self.settings.memory_budget_bytes
        entries = self._catalogue.entries
        known = [
            predict_resident_bytes(self._model(entries[expert], files), None)
            for expert, files in self._installed().items()
            if expert in entries
        ]
        return default_budget_bytes(max(known, default=0), lambda: self._memory)

    def unknown_experts(self) -> tuple[str, ...]:
        """A sentence for each expert that the settings name and no registry knows."""
        named = {f"preferred.{language}": expert for language, expert in self.settings.preferred.items() if expert}
        if self.settings.interpreter not in (AUTO, NONE):
            named["interpreter"] = self.settings.interpreter
        return tuple(
            f"lspExperts.{setting}: no expert is called {expert!r:.40}; none is used. `lsp-experts experts` lists them."
            for setting, expert in named.items()
            if expert not in self._catalogue.entries
        )

    def _installed(self) -> dict[str, ExpertFiles]:
        """Every expert whose files are there, in no registry too; an adapter only with its base."""
        found = self._store.installed()
        return {expert: files for expert in found if (files := self._files(expert, found)) is not None}

    def _identity(self, expert: str, found: Mapping[str, Installed]) -> str:
        files = self._files(expert, found)
        own = found[expert].sha256
        return own if files is None or files.adapter is None else f"{own}+{files.model.sha256}"

    def _files(self, expert: str, found: Mapping[str, Installed]) -> ExpertFiles | None:
        entry = self._catalogue.entries.get(expert)
        if entry is None or entry.kind != "adapter" or entry.base is None:
            return ExpertFiles(found[expert])
        return ExpertFiles(found[entry.base], found[expert]) if entry.base in found else None

    def _model(self, entry: Entry, files: ExpertFiles) -> Model:
        settings, adapter = self.settings, files.adapter
        pinned = settings.interpreter == entry.id or (entry.interpreter and settings.interpreter == "auto")
        # Repacked weights are copies that only one expert can use and that no parking gives back.
        repacked = pinned and adapter is None and repacking_pays(self._paths, files.model.sha256)
        return Model(
            path=files.model.path,
            file_bytes=files.model.size,
            n_ctx=entry.context,
            control_texts=control_texts(),
            pinned=pinned,
            use_extra_bufts=repacked,
            n_threads=settings.threads or physical_cores(),
            adapter=adapter.path if adapter is not None else None,
            adapter_bytes=adapter.size if adapter is not None else 0,
            n_gpu_layers=ALL_LAYERS if settings.gpu_layers < 0 else settings.gpu_layers,
        )
