"""Start the engine process: `python -m lsp_experts.engine.worker`. It speaks engine/protocol.py over its pipes."""

from __future__ import annotations

from lsp_experts.engine.confinement import no_core_dumps, no_network
from lsp_experts.engine.heap import return_large_blocks
from lsp_experts.engine.worker.native import open_library
from lsp_experts.engine.worker.parent import end_with_parent
from lsp_experts.engine.worker.process import EngineProcess, private_pipes

_LARGE_BYTES = 1 << 20  # saved KV, buffers of contexts


def main() -> None:
    """Serve until the client closes the pipe."""
    end_with_parent()
    no_core_dumps()
    return_large_blocks(_LARGE_BYTES)
    source, sink = private_pipes()
    native = open_library()
    native.C.llama_supports_gpu_offload()  # finds the devices; a driver may start a program of its own for that
    no_network()
    EngineProcess(native, source, sink).run()


if __name__ == "__main__":
    main()
