"""What an evaluation measures: one Outcome for each case and contestant. Figures only: no text of a case is kept.

Whoever compares pairs outcomes by `case`, and draws them by `place`, the file: its cases have prompts in common, so
they are not independent.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What a contestant did with one case."""

    case: str  # names the place and its hole, the same for all contestants; no path: a hash
    place: str  # the file, hashed
    language: str
    kind: str  # of replay_cases.KINDS
    contestant: str
    exact: bool  # what was suggested is the held-out text; of a block: its lines
    accepted_chars: int  # of the suggestion, before the first wrong one
    truth_chars: int
    similarity: float  # 1 - Levenshtein / length
    nll_nats: float  # of the held-out text's whole lines behind the product's prompt
    scored_bytes: int  # of these lines, in UTF-8
    first_ms: float  # to the first token, the prompt included
    total_ms: float
    prompt_tokens: int  # decoded
    decoded_tokens: int  # generated
    probability: float  # of the suggestion's first line
    line_chars: int  # of the suggestion's first line, 0: nothing was suggested
    line_right: bool  # the writer wrote just that first line


@dataclass(frozen=True)
class Contestant:
    """A model that was measured. `made_of`: the base it was made of, "" if it is one."""

    name: str
    sha256: str
    kind: str  # "model", "carved" or "adapter"
    file_bytes: int  # an adapter's with its base's
    resident_bytes: int  # after the load, measured
    n_vocab: int
    made_of: str = ""


@dataclass(frozen=True)
class Evaluation:
    """All of one run. `outcomes` hold only cases that every contestant answered."""

    contestants: tuple[Contestant, ...]
    outcomes: tuple[Outcome, ...]
    cases: int  # drawn
    done: int  # of them, answered by all
    since: str  # the commit whose successors the cases come from; "" without a time split
