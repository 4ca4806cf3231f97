"""From records of suggestions to what `lsp-experts stats` tells: rates per language and expert, day and probability.

Pure. A rate of nothing is None. Rates are from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any, TypeVar

from lsp_experts.server.statistics_file import Record

_DECILES = 10
_Key = TypeVar("_Key")


def figures(days: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """All of it, as JSON: `rows`, `total`, `days` and `probability` (what the gate goes by, in ten steps)."""
    records = [record for each in days.values() for record in each]
    groups = _grouped(((record.language, record.expert), record) for record in records)
    deciles = _grouped((min(int(record.probability * _DECILES), _DECILES - 1), record) for record in records)
    rows = [{"language": language, "expert": expert, **_row(group)} for (language, expert), group in groups.items()]
    return {
        "rows": sorted(rows, key=lambda row: (-row["shown"], row["language"], row["expert"])),
        "total": _row(records),
        "days": [{"day": day, **_rate(group)} for day, group in days.items()],
        "probability": [
            {"from": step / _DECILES, "to": (step + 1) / _DECILES, **_rate(deciles.get(step, ()))}
            for step in range(_DECILES)
        ],
    }


def _row(records: Sequence[Record]) -> dict[str, Any]:
    outcomes = [record.outcome for record in records]
    return {
        "shown": len(records),
        "accepted": _share(outcomes.count("whole"), len(records)),
        "partly": _share(outcomes.count("partly"), len(records)),
        "typed": _share(outcomes.count("typed"), len(records)),
        "kept_30": _kept(record.kept_30 for record in records),
        "kept_300": _kept(record.kept_300 for record in records),
        "chars_saved": sum(record.accepted_chars for record in records),
        "median_ms": median(record.latency_ms for record in records) if records else None,
        "files": sorted({record.identity for record in records if record.identity}),
    }


def _rate(records: Sequence[Record]) -> dict[str, Any]:
    accepted = sum(record.accepted_chars > 0 for record in records)
    return {"shown": len(records), "accepted": _share(accepted, len(records))}


def _kept(looks: Iterable[bool | None]) -> float | None:
    known = [look for look in looks if look is not None]
    return _share(sum(known), len(known))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _grouped(pairs: Iterable[tuple[_Key, Record]]) -> dict[_Key, list[Record]]:
    groups: dict[_Key, list[Record]] = {}
    for key, record in pairs:
        groups.setdefault(key, []).append(record)
    return groups
