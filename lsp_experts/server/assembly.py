"""Puts the real parts together: registry, store, engine, pool, completer, actions. The only place that knows all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lsp_experts.paths import Paths, default_paths
from lsp_experts.server.ports import Build, Host, OpenViews, Parts
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
    return partial(build_parts, paths=paths or default_paths(), command=command)


def build_parts(
    settings: Settings, host: Host, views: OpenViews, *, paths: Paths, command: Sequence[str] | None = None
) -> Parts:
    """All that a server has, over this machine's registry and store. Nothing starts before a document asks."""
    from lsp_experts.actions.check.checks import Checks
    from lsp_experts.actions.code_actions import CodeActions
    from lsp_experts.actions.generator import Generator
    from lsp_experts.actions.review.document_reviews import DocumentReviews
    from lsp_experts.actions.table import ACTIONS
    from lsp_experts.actions.tasks.run import Tasks
    from lsp_experts.routing.languages import language_of
    from lsp_experts.server.action_files import ActionFiles
    from lsp_experts.server.workspace_folder import folder_of

    core = _build_core(settings, host, paths, command)
    completer = core.completer

    def obeyed() -> Settings:
        return completer.settings

    generator = Generator(completer.routes, core.pool, core.supervisor, obeyed)
    files = ActionFiles(
        views,
        host.workspace_uri,
        folder_of(host.workspace_uri),
        lambda uri, language_id: language_of(uri, language_id, core.catalogue),
        obeyed,
    )
    actions = CodeActions(ACTIONS, documents=completer.documents, generator=generator, files=files, settings=obeyed)
    tasks, checks = Tasks(files, generator, obeyed), Checks(paths, files, generator)
    reviews = DocumentReviews(completer.documents, generator, core.catalogue, obeyed)
    return Parts(completer, actions, generator, files, tasks=tasks, checks=checks, reviews=reviews)


def build_completer(settings: Settings, host: Host, *, paths: Paths, command: Sequence[str] | None = None) -> Completer:
    """A completer over this machine's registry and store. Nothing starts and nothing loads before a document asks."""
    return _build_core(settings, host, paths, command).completer


@dataclass(frozen=True)
class _Core:
    """What completions and actions share."""

    completer: Completer
    pool: Pool
    supervisor: Supervisor
    catalogue: Catalogue


def _build_core(settings: Settings, host: Host, paths: Paths, command: Sequence[str] | None) -> _Core:
    # Imported here, so that the answer to `initialize` does not wait for it.
    from lsp_experts.completion.completer import Completer as RealCompleter
    from lsp_experts.completion.far import Far
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
    from lsp_experts.server.remotes import Named, connected

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

    def tell_of_unknown_experts() -> None:
        for problem in models.unknown_experts():
            host.tell(problem)

    tell_of_unknown_experts()

    class Assembled(RealCompleter):
        """Settings reach the pool too."""

        def configure(self, settings: Settings) -> None:
            models.settings = settings
            tell_of_unknown_experts()
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
    far = Far(catalogue, Named(paths.named_hosts, host.tell), lambda entry: connected(entry, lambda: models.settings))
    completer = Assembled(
        catalogue=catalogue,
        installed=installed,
        pool=pool,
        engine=supervisor,
        settings=settings,
        switches=learned or Switches(),
        saving=saved_now,
        workspace=_workspace_files(host.workspace_uri, catalogue),
        far=far,
    )
    for part in (budget, completer, far, pool, supervisor, page_cache, learned):
        if part is not None:
            host.at_exit(part.close)
    return _Core(completer, pool, supervisor, catalogue)


def _workspace_files(folder_uri: str, catalogue: Catalogue) -> WorkspaceFiles | None:
    """What the files of the client's folder say; None if it has none on this machine's disk."""
    from lsp_experts.routing.languages import language_of
    from lsp_experts.server.workspace_files import WorkspaceFiles
    from lsp_experts.server.workspace_folder import folder_of

    folder = folder_of(folder_uri)
    return WorkspaceFiles(folder, lambda uri: language_of(uri, "", catalogue)) if folder is not None else None


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
