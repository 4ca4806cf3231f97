"""A suggestion as text that is only inserted: what stands right of the cursor cannot be replaced over HTTP. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def inserted(text: str, replaced: str, stops: Sequence[str] = ()) -> str:
    """What of `text`, which is to replace `replaced`, may be inserted before it; up to the first of the `stops`.

    Where the text ends with what it replaces, that stays as it is. Otherwise only its first line may do so, and if it
    does not either, nothing is left: a closer would stand there twice.
    """
    text = text[: min((at for stop in stops if (at := text.find(stop)) >= 0), default=len(text))]
    if text.endswith(replaced):
        return text.removesuffix(replaced)
    first = text.partition("\n")[0].removesuffix("\r")
    return first.removesuffix(replaced) if first.endswith(replaced) else ""
