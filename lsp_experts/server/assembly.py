"""Puts the real parts together: registry, store, engine, pool, completer. The only place that knows all of them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lsp_experts.paths import Paths, default_paths
from lsp_experts.server.ports import Build, Host
from lsp_experts.settings import Settings

if TYPE_CHECKING:
    from lsp_experts.completion.completer import Completer
    from lsp_experts.engine.supervisor import Supervisor
    from lsp_experts.pool.pool import Pool
    from lsp_experts.pool.pressure import Pressure
    from lsp_experts.registry.catalogue import Catalogue
    from lsp_experts.server.models import Models
    from lsp_experts.server.workspace_files import WorkspaceFiles


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
    from lsp_experts.pool.page_cache import PageCache
    from lsp_experts.pool.pool import MeasuredSizes, Pool
    from lsp_experts.registry.catalogue import load_catalogue
    from lsp_experts.routing.switches import Switches
    from lsp_experts.routing.switches_file import switches_file
    from lsp_experts.server.battery import Battery, saving
    from lsp_experts.server.learned_switches import LearnedSwitches
    from lsp_experts.server.models import Models

    catalogue = load_catalogue(paths)
    for problem in catalogue.problems:
        host.tell(problem)
    models = Models(catalogue, paths, settings)
    supervisor = Supervisor(engine_spawner(paths, command), ExtraBuftsMemory.of(paths), host.tell)
    fractions: dict[str, float] = {}

    def on_change() -> None:
        show_loading()
        host.changed()

    def on_progress(expert: str, fraction: float) -> None:
        fractions[expert] = fraction
        show_loading()

    def show_loading() -> None:
        expert = pool.coming_in
        host.loading({expert: fractions.get(expert, 0.0)} if expert is not None else {})
        for over in fractions.keys() - {expert}:
            del fractions[over]

    page_cache = PageCache()
    pool = Pool(
        supervisor,
        budget_bytes=models.budget_bytes(),
        locate=models.locate,
        clock=time.monotonic,
        on_change=on_change,
        on_progress=on_progress,
        sizes=MeasuredSizes(paths.state / "sizes.json"),
        page_cache=page_cache,
    )
    budget = _Budget(models, pool, supervisor, host)
    battery = Battery(time.monotonic)

    def tell_of_unknown_interpreter() -> None:
        if problem := models.interpreter_problem():
            host.tell(problem)

    tell_of_unknown_interpreter()

    class Assembled(RealCompleter):
        """Settings reach the pool too."""

        def configure(self, settings: Settings) -> None:
            models.settings = settings
            tell_of_unknown_interpreter()
            budget.configured()
            pool.settings_changed()
            super().configure(settings)

    known = models.identities()

    def installed() -> Mapping[str, str]:
        nonlocal known
        before, known = known, models.identities()
        changed = {expert for expert, identity in known.items() if before.get(expert) != identity}
        for expert in changed:
            pool.file_changed(expert)
            supervisor.forgive(expert)
        if changed:
            budget.configured()
        return known

    def saved_now() -> str:
        setting = models.settings.on_battery
        return saving(setting, setting != "full" and battery.on_battery())

    # A client without a folder has no workspace to learn in.
    learned = LearnedSwitches(switches_file(paths, host.workspace_uri)) if host.workspace_uri else None
    completer = Assembled(
        catalogue=catalogue,
        installed=installed,
        pool=pool,
        engine=supervisor,
        settings=settings,
        switches=learned or Switches(),
        saving=saved_now,
        workspace=_workspace_files(host.workspace_uri, catalogue),
    )
    for part in (budget, completer, pool, supervisor, page_cache, learned):
        if part is not None:
            host.at_exit(part.close)
    return completer


def _workspace_files(folder_uri: str, catalogue: Catalogue) -> WorkspaceFiles | None:
    """What the files of the client's folder say; None if it has none on this machine's disk."""
    from lsp_experts.completion.exclusion import path_of
    from lsp_experts.routing.languages import language_of
    from lsp_experts.server.workspace_files import WorkspaceFiles

    if not folder_uri.startswith("file:"):
        return None
    path = path_of(folder_uri)
    folder = Path(path.lstrip("/") if os.name == "nt" else path)
    return WorkspaceFiles(folder, lambda uri: language_of(uri, "", catalogue))


class _Budget:
    """The pool's budget: the configured one, less while other programs need the memory."""

    def __init__(self, models: Models, pool: Pool, supervisor: Supervisor, host: Host) -> None:
        from lsp_experts.pool.pressure import PressureWatch, read_memory

        self._models, self._pool, self._host = models, pool, host
        self._bytes = pool.budget_bytes
        self._watch = PressureWatch(lambda: read_memory(self._bytes, supervisor.pid), self._apply)
        self._task = asyncio.get_running_loop().create_task(self._watch.run())

    def configured(self) -> None:
        """The settings or what is installed may mean another budget now."""
        self._bytes = self._models.budget_bytes()
        self._watch.look()

    async def close(self) -> None:
        """Watch no more."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def _apply(self, pressure: Pressure) -> None:
        self._pool.set_budget(pressure.budget_bytes, tight=pressure.tight or not self._models.settings.enabled)
        self._host.changed()
