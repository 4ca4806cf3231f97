"""`python tests/faults/soak.py --minutes 60`: the soak alone, for up to an hour. Prints its rows."""

from __future__ import annotations

import argparse
import sys

from lsp_experts.cli.bench_faults import run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="at most 60")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    sys.exit(run(only="soak", scale=given.minutes / 60, model="", seed=given.seed, as_json=False))
