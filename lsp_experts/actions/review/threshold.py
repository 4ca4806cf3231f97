"""From how many nats on a finding is shown. Pure."""

from __future__ import annotations

import math

from lsp_experts.registry.entry import Entry

# Seen with Qwen2.5-Coder-0.5B, Q4_K_M: in 1,515 lines of a standard library and of popular projects, which it surely
# was trained on, the largest false alarms have 4.1 and 3.8 nats; in 298 lines that it never read 4.5 and 4.3 (and 5.6
# for `=` instead of `|=`, which is not tried any more). That is too little to promise one in 1,000 lines (95 %: at most
# 1.7); `lsp-experts fit --review` asks the user's own code. Of 17 slips made by hand in the projects 5 reach it.
DEFAULT_LEAST = 5.5
NATS_PER_E = 1.0  # so much lower, e times as many false alarms; from the same lines


def least_delta(entry: Entry, false_alarms: float) -> float:
    """For so many false alarms in 1,000 lines: the expert's own from the registry, which is fitted for one, else the
    default; infinite for none.
    """
    if false_alarms <= 0:
        return math.inf
    least = DEFAULT_LEAST if entry.review is None else entry.review
    return max(0.0, least - NATS_PER_E * math.log(false_alarms))
