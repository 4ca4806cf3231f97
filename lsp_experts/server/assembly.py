"""Puts the real parts together: registry, store, engine, pool, completer. The only place that knows all of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from lsp_experts.paths import Paths, default_paths
from lsp_experts.server.ports import Build, Host
from lsp_experts.settings import Settings

if TYPE_CHECKING:
    from lsp_experts.completion.completer import Completer
    from lsp_experts.pool.pool import Model
    from lsp_experts.registry.catalogue import Catalogue
    from lsp_experts.registry.store import Store


def builder(paths: Paths | None = None, command: Sequence[str] | None = None) -> Build:
    """What `serve` needs to complete with this machine's experts; `command` starts another engine than the real one."""
    return partial(build_completer, paths=paths or default_paths(), command=command)


def build_completer(settings: Settings, host: Host, *, paths: Paths, command: Sequence[str] | None = None) -> Completer:
    """A completer over this machine's registry and store. Nothing starts and nothing loads before a document asks."""
    # Imported here, so that the answer to `initialize` does not wait for it.
    from lsp_experts.completion.completer import Completer as RealCompleter
    from lsp_experts.engine.command import engine_spawner
    from lsp_experts.engine.extra_bufts import ExtraBuftsMemory
    from lsp_experts.engine.supervisor import Supervisor
    from lsp_experts.pool.pool import Pool
    from lsp_experts.registry.catalogue import load_catalogue
    from lsp_experts.registry.store import Store

    catalogue, store = load_catalogue(paths), Store(paths.store)
    for problem in catalogue.problems:
        host.tell(problem)
    models = _Models(catalogue, store, settings)
    supervisor = Supervisor(engine_spawner(paths, command), ExtraBuftsMemory.of(paths), host.tell)
    fractions: dict[str, float] = {}

    def on_change() -> None:
        loading = [state.expert for state in pool.states() if state.state == "LOADING"]
        host.loading({expert: fractions.setdefault(expert, 0.0) for expert in loading})
        for expert in fractions.keys() - loading:
            del fractions[expert]
        host.changed()

    def on_progress(expert: str, fraction: float) -> None:
        fractions[expert] = fraction
        host.loading(dict(fractions))

    pool = Pool(
        supervisor,
        budget_bytes=models.budget_bytes(),
        locate=models.locate,
        clock=time.monotonic,
        on_change=on_change,
        on_progress=on_progress,
    )

    class Assembled(RealCompleter):
        """Settings reach the pool too."""

        def configure(self, settings: Settings) -> None:
            models.settings = settings
            pool.set_budget(models.budget_bytes())
            super().configure(settings)

    def installed() -> dict[str, str]:
        return {expert: model.sha256 for expert, model in store.installed().items()}

    completer = Assembled(catalogue=catalogue, installed=installed, pool=pool, engine=supervisor, settings=settings)
    for close in (completer.close, pool.close, supervisor.close):
        host.at_exit(close)
    return completer


class _Models:
    """Where the experts' files are and how the engine shall open them, by registry, store and settings."""

    def __init__(self, catalogue: Catalogue, store: Store, settings: Settings) -> None:
        self._catalogue, self._store = catalogue, store
        self.settings = settings

    def locate(self, expert: str) -> Model:
        """The expert's checked file; may hash all of it. NotInstalled, ModelRejected, UnknownExpert."""
        return self._model(expert, self._store.check(expert).size)

    def budget_bytes(self) -> int:
        """The setting, or half of what is available and at least what the largest installed expert takes."""
        from lsp_experts.pool.budget import default_budget_bytes
        from lsp_experts.pool.prediction import predict_resident_bytes

        if self.settings.memory_budget_bytes:
            return self.settings.memory_budget_bytes
        known = [
            self._model(expert, found.size)
            for expert, found in self._store.installed().items()
            if expert in self._catalogue.entries
        ]
        return default_budget_bytes(max((predict_resident_bytes(model, None) for model in known), default=0))

    def _model(self, expert: str, size: int) -> Model:
        import psutil

        from lsp_experts.completion.templates import control_texts
        from lsp_experts.pool.model import Model

        entry = self._catalogue.get(expert)
        return Model(
            path=self._store.find(expert).path,
            file_bytes=size,
            n_ctx=entry.context,
            control_texts=control_texts(),
            pinned=self.settings.interpreter == expert or (entry.interpreter and self.settings.interpreter == "auto"),
            n_threads=self.settings.threads or psutil.cpu_count(logical=False) or 1,
        )
