"""What experts really took, remembered from one start to the next."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from lsp_experts.pool.model import Model
from lsp_experts.registry.disk import read_private, replace_private

_VERSION = 1
_MOST_KEPT = 256  # an entry is 300 bytes, and nobody has more models than this in use


@dataclass(frozen=True)
class Figures:
    """What one expert holds and what its moves take; 0 where nothing is known.

    `weights_bytes` of `resident_bytes` (HOT), and `parked_weights_bytes` of `parked_bytes`, are the model's, which
    experts over the same file share.
    """

    resident_bytes: int = 0
    weights_bytes: int = 0
    parked_bytes: int = 0
    parked_weights_bytes: int = 0
    device_bytes: int = 0
    load_ms: float = 0.0
    park_ms: float = 0.0
    unpark_ms: float = 0.0

    def over(self, other: Figures) -> Figures:
        """These figures, and those of `other` where nothing is known here."""
        return replace(other, **{field.name: value for field in fields(self) if (value := getattr(self, field.name))})


class MeasuredSizes:
    """Figures per (file name and size, context length, extra buffers, adapter, GPU layers).

    `file`: JSON, readable by the user only; None: kept in memory only. A damaged or unwritable one is ignored: then
    the next start predicts.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._figures = _read(file) if file is not None else {}
        self._saved = dict(self._figures)

    def recall(self, model: Model) -> Figures:
        """What was measured; zeros before the first load."""
        return self._figures.get(_key(model), Figures())

    def remember(self, model: Model, measured: Figures) -> None:
        """Keep what is not 0 in `measured`: the largest sizes, since pages that the kernel took come back, and the
        newest times."""
        key = _key(model)
        known = self._figures.pop(key, Figures())
        self._figures[key] = _largest(known, measured)
        while len(self._figures) > _MOST_KEPT:
            del self._figures[next(iter(self._figures))]

    @property
    def unsaved(self) -> bool:
        """Whether save() has something to do."""
        return self._file is not None and self._figures != self._saved

    def save(self) -> None:
        """Write the file. Blocking; never raises."""
        if self._file is None:
            return
        content = {key: asdict(figures) for key, figures in self._figures.items()}
        self._saved = dict(self._figures)
        with contextlib.suppress(OSError):
            replace_private(self._file, json.dumps({"version": _VERSION, "experts": content}, indent=1))


def _key(model: Model) -> str:
    adapter = f"{model.adapter.name} {model.adapter_bytes} {model.adapter_scale}" if model.adapter is not None else ""
    parts = (model.path.name, model.file_bytes, model.n_ctx, model.use_extra_bufts, adapter, model.n_gpu_layers)
    return json.dumps(parts)


def _largest(known: Figures, measured: Figures) -> Figures:
    sizes = ("resident_bytes", "weights_bytes", "parked_bytes", "parked_weights_bytes", "device_bytes")
    return replace(measured.over(known), **{name: max(getattr(known, name), getattr(measured, name)) for name in sizes})


def _read(file: Path) -> dict[str, Figures]:
    try:
        content = json.loads(read_private(file))
        if content["version"] != _VERSION:
            return {}
        found = {str(key): _figures(entry) for key, entry in content["experts"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return dict(list(found.items())[-_MOST_KEPT:])


def _figures(entry: dict[str, Any]) -> Figures:
    numbers: dict[str, Any] = {}
    for field in fields(Figures):
        value = entry.get(field.name, 0)
        if type(value) not in (int, float) or not 0 <= value < 1 << 50:  # NaN and infinity are not in between
            raise ValueError(field.name)
        numbers[field.name] = int(value) if isinstance(field.default, int) else float(value)
    return Figures(**numbers)
