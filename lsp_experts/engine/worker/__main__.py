"""Start the engine process: `python -m lsp_experts.engine.worker`. It speaks engine/protocol.py over its pipes."""

from __future__ import annotations

import contextlib
import resource

from lsp_experts.engine.worker.memory import return_large_blocks
from lsp_experts.engine.worker.native import open_library
from lsp_experts.engine.worker.process import EngineProcess, private_pipes


def main() -> None:
    """Serve until the client closes the pipe."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold the user's code
    return_large_blocks()
    source, sink = private_pipes()
    EngineProcess(open_library(), source, sink).run()


if __name__ == "__main__":
    main()
