"""A file of a Hugging Face repository, by huggingface_hub: HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE count.

The hub publishes the sha256 of every large file; what was downloaded is checked against it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from lsp_experts.errors import SourceError
from lsp_experts.registry.disk import expect_room, hash_file, is_disk_error, open_regular
from lsp_experts.registry.entry import HubSource
from lsp_experts.registry.records import SHA256
from lsp_experts.registry.sources.fetched import Fetched, Progress, expect
from lsp_experts.registry.sources.growth import largest_file_bytes
from lsp_experts.registry.sources.patience import patiently

if TYPE_CHECKING:
    from huggingface_hub import HfFileMetadata

T = TypeVar("T")

_ANSWER_TIMEOUT_S = 5  # one answer; looking up the host name is not in it
_PROBE_TIMEOUT_S = 8.0  # all of the first question, so that the next source comes soon where there is no network
_STALL_TIMEOUT_S = 600.0  # between two of the library's writes, which are 10 MiB each
_ON = frozenset({"1", "ON", "YES", "TRUE"})


def fetch(
    source: HubSource,
    folder: Path,
    progress: Progress,
    *,
    probe_timeout_s: float = _PROBE_TIMEOUT_S,
    stall_timeout_s: float = _STALL_TIMEOUT_S,
) -> Fetched:
    """The file in `folder`, checked against the hub's published hash; SourceError if it cannot be had, OSError if
    the disk has no room for it.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in _ON:
        raise SourceError("HF_HUB_OFFLINE is set")
    _quiet_library()
    metadata = _asked(lambda: patiently(lambda: _metadata(source), probe_timeout_s), "the hub cannot be reached")
    published = metadata.etag or ""
    if metadata.commit_hash is None:
        raise SourceError("what answers there is not a model hub (no commit in the answer)")
    if not SHA256.fullmatch(published):
        raise SourceError("the hub publishes no sha256 for this file")
    if source.sha256 not in (None, published):
        raise SourceError(f"the hub's file has sha256 {published}, and {source.sha256} is asked for")
    if source.size not in (None, metadata.size):
        raise SourceError(f"the hub's file has {metadata.size} bytes, and {source.size} are asked for")
    expect_room(folder, metadata.size or 0)  # the library only warns
    progress.start(source.file.rsplit("/", 1)[-1], metadata.size)
    growth = _Growth(folder, progress)
    try:
        path = _asked(
            lambda: patiently(lambda: _download(source, metadata, folder), stall_timeout_s, growth.look),
            "the download failed",
        )
    finally:
        progress.finish()
    with open_regular(path) as file:
        size, sha256 = os.fstat(file.fileno()).st_size, hash_file(file)
    expect(sha256=published, size=metadata.size, got_sha256=sha256, got_size=size)
    provenance = {"repo": source.repo, "file": source.file, "commit": metadata.commit_hash, "hub_sha256": published}
    return Fetched(path, sha256, size, f"hub:{source.repo}/{source.file}", provenance)


def _quiet_library() -> None:
    """Set before the library is first imported: it reads its environment once, there."""
    for name in ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_UPDATE_CHECK", "HF_HUB_DISABLE_PROGRESS_BARS"):
        os.environ.setdefault(name, "1")
    # Plain https is enough for one file, keeps every byte in our folder and lets its size be watched.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")
    import huggingface_hub  # noqa: F401  here, so that a busy machine's slow import is no silence of the hub


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def _token() -> str | None:
    """None leaves it to the library, which knows where a login is kept."""
    return os.environ.get("HF_TOKEN") or None


def _metadata(source: HubSource) -> HfFileMetadata:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(source.repo, source.file, revision=source.revision, endpoint=_endpoint())
    return get_hf_file_metadata(url, token=_token(), timeout=_ANSWER_TIMEOUT_S, endpoint=_endpoint())


def _download(source: HubSource, metadata: HfFileMetadata, folder: Path) -> Path:
    from huggingface_hub import hf_hub_download

    return Path(
        hf_hub_download(
            source.repo,
            source.file,
            revision=metadata.commit_hash,  # the commit whose hash was read, wherever the branch goes meanwhile
            local_dir=folder / "hub",
            cache_dir=folder / "cache",
            etag_timeout=_ANSWER_TIMEOUT_S,
            token=_token(),
            endpoint=_endpoint(),
            tqdm_class=cast("Any", _AtMost(metadata.size)),  # anything that is called like the class will do
        )
    )


class _Growth:
    """How far the download is: it begins again where a server ignores ranges, and that is no movement."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._folder = folder
        self._progress = progress
        self._furthest = 0

    def look(self) -> int:
        self._furthest = max(self._furthest, largest_file_bytes(self._folder))
        self._progress.advance(self._furthest)
        return self._furthest


class _AtMost:
    """A progress bar for the library, which ends a body that is longer than it should be, such as a gzip bomb: the
    library itself looks at the length when all of it is on the disk.
    """

    def __init__(self, limit_bytes: int | None) -> None:
        self._limit = limit_bytes
        self._size = 0

    def __call__(self, **_bar: Any) -> _AtMost:
        return self

    def __enter__(self) -> _AtMost:
        return self

    def __exit__(self, *_: object) -> None: ...

    def update(self, more_bytes: int) -> None:
        self._size += more_bytes
        if self._limit is not None and self._size > self._limit:
            raise SourceError(f"it is longer than the {self._limit} bytes it should have")


def _asked(ask: Callable[[], T], failed: str) -> T:
    """What the library answers; whatever it raises is a SourceError, but for a full or forbidden disk."""
    try:
        return ask()
    except SourceError:
        raise
    # Every transport has its own tree of errors, and each of them only means: try the next source.
    except Exception as error:
        if isinstance(error, OSError) and is_disk_error(error):
            raise
        raise SourceError(_reason(error, failed)) from error


def _reason(error: Exception, failed: str) -> str:
    status = _http_status(error)
    if status in (401, 403):
        return f"access refused (HTTP {status}); set HF_TOKEN, and accept the model's terms on its page if it asks"
    if status == 404:
        return "no such repository or file (HTTP 404)"
    if status is not None:
        return f"the hub answered HTTP {status}"
    first = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    return f"{failed}: {first[:200]}"


def _http_status(error: BaseException | None) -> int | None:
    """The status of a refused answer; the library may stumble over the answer's text and hide it one error deeper."""
    while error is not None:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
        error = error.__cause__ or error.__context__
    return None
