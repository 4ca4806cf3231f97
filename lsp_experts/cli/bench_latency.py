"""`lsp-experts bench latency`: tokens and time per keystroke, anchored against the usual prompt."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths
from lsp_experts.registry.catalogue import load_catalogue
from lsp_experts.routing.languages import language_of


def run(*, files: Sequence[Path], keystrokes: int, as_json: bool) -> int:
    """Type the files and print the figures; 0."""
    from lsp_experts.lab.bench_latency import STYLES, bench_latency, replay_of, shipped_files

    if keystrokes < 1:
        raise UsageError(f"--keystrokes {keystrokes} leaves nothing to type.", remedy="Give a number from 1.")
    catalogue = load_catalogue(default_paths())
    chosen = [(path, language_of(path.absolute().as_uri(), "", catalogue)) for path in files] or shipped_files()
    replays = [replay_of(path.name, language, _read(path), keystrokes) for path, language in chosen]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bars = {
            (replay.name, style): progress.add_task(f"{replay.name}, {style}", total=keystrokes)
            for style in STYLES
            for replay in replays
        }

        def on_key(name: str, style: str, done: int, total: int) -> None:
            progress.update(bars[name, style], completed=done, total=total)

        result = asyncio.run(bench_latency(replays, on_key))
    if as_json:
        print(json.dumps(result))
        return 0
    table = Table(title="typing through the server, every keystroke asks the model")
    for heading in ("language", "prompt", "expert", "prompt tokens/key", "decoded/key", "p50 ms", "p95 ms"):
        table.add_column(heading, justify="left" if heading in ("language", "prompt", "expert") else "right")
    for language, styles in result["languages"].items():
        for style, row in styles.items():
            table.add_row(
                language,
                style,
                row["expert"],
                f"{row['prompt_tokens_per_keystroke']:.2f}",
                f"{row['decoded_tokens_per_keystroke']:.2f}",
                f"{row['first_suggestion_ms_p50']:.0f}",
                f"{row['first_suggestion_ms_p95']:.0f}",
            )
    console = Console()
    console.print(table)
    console.print(f"from starting the server to its first suggestion: {result['start_to_first_suggestion_ms']:.0f} ms")
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as UTF-8 text: {error}.", remedy="Give a source file.") from None
