"""llama.cpp's own server in a process of its own: `python -m lsp_experts.lab.peer_process MODEL THREADS [SLOTS]`.

Its parameters are those that llama.vim advises for machines with little memory (`-ub 1024 -b 1024 --ctx-size 0
--cache-reuse 256`); with SLOTS, a team's: so many answers at once (`--parallel`), each with a context for one prompt of
ours, and `/metrics`. It writes its address as a line, and ends with its standard input: no parent, no server.
"""

from __future__ import annotations

import os
import sys

_SLOT_TOKENS = 2048


def serve(model: str, threads: int, slots: int = 0) -> None:
    """Serve `model` on a loopback port until standard input ends. Never returns."""
    os.environ["OMP_WAIT_POLICY"] = "passive"  # libgomp reads it when it is loaded
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the library prints is not the address
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.ui = False
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_ctx = _SLOT_TOKENS * slots
    params.n_parallel = slots or params.n_parallel
    params.endpoint_metrics = slots > 0
    params.n_batch = params.n_ubatch = 1024
    params.n_cache_reuse = 256
    params.verbosity = 1
    server = xllamacpp.Server(params)
    print(server.listening_address, file=out, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # a decode that is under way must not keep it


if __name__ == "__main__":
    serve(sys.argv[1], *map(int, sys.argv[2:]))
