"""`python -m lsp_experts.cli.scripted_server [FAULT ...]`: the real server over the engine without llama.cpp.

Registry, store, pool, pipe and processes are the real ones. The experts of LSP_EXPERTS_FAKE_TEXT (engine/fake_model.py;
Go's and HTML's, if it is not set) are put into the store of LSP_EXPERTS_HOME, which must be set. Faults are those of
engine/fake_faults.py. A log at DEBUG is written to LSP_EXPERTS_TEST_LOG, if it is set.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from lsp_experts.engine.command import fake_command
from lsp_experts.errors import UsageError
from lsp_experts.paths import default_paths
from lsp_experts.registry.store import Store
from lsp_experts.server.assembly import builder
from lsp_experts.server.serve import serve

SAYS = {"go-carved": 'fmt.Println("the Go expert")', "html-carved": "<li>the HTML expert</li>"}
_TEXTS, _LOG = "LSP_EXPERTS_FAKE_TEXT", "LSP_EXPERTS_TEST_LOG"


def install(experts: list[str]) -> None:
    """Put those that are missing into the store; their files hold no model."""
    store = Store(default_paths().store)
    for expert in sorted(set(experts) - set(store.installed())):
        data = f"the file of {expert}".encode()
        with store.temporary() as temporary:
            temporary.write_bytes(data)
            store.adopt(expert, temporary, sha256=hashlib.sha256(data).hexdigest(), size=len(data), source="a drill")


def main(faults: list[str]) -> int:
    """Serve one client over stdio; UsageError if the store would be the user's."""
    if not os.environ.get("LSP_EXPERTS_HOME"):
        raise UsageError("LSP_EXPERTS_HOME is not set.", remedy="Name a folder for the experts of this server.")
    texts = json.loads(os.environ.setdefault(_TEXTS, json.dumps(SAYS)))
    install([expert for expert in texts if expert != "*"] if isinstance(texts, dict) else list(SAYS))
    log = os.environ.get(_LOG)
    build = builder(command=fake_command(*faults))
    level = "DEBUG" if log else "INFO"
    return serve(tcp=False, host="", port=0, log_file=Path(log) if log else None, log_level=level, build=build)


if __name__ == "__main__":
    sys.exit(main([argument for argument in sys.argv[1:] if argument not in ("serve", "--stdio")]))
