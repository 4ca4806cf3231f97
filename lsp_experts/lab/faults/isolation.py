"""The drill of isolation: a workspace that is full of modules to be imported by mistake, opened as an editor does.

The server is started as the installed command is: a script elsewhere, in the workspace's folder. Only on Linux.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import lsp_experts
from lsp_experts.lab.faults.raw_client import RawClient
from lsp_experts.lab.faults.real_server import engine_below, install, open_document, suggestion
from lsp_experts.lab.faults.row import Row, named
from lsp_experts.lab.faults.sockets import fenced
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.faults.talk import initialize
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

# What server and engine import beside the standard library, and what Python imports by itself at its start.
_OTHERS = (
    "lsp_experts", "llama_cpp", "numpy", "gguf", "pygls", "lsprotocol", "cattrs", "attrs", "attr", "psutil", "pathspec",
    "platformdirs", "tree_sitter", "tree_sitter_language_pack", "huggingface_hub", "httpx2", "h11", "jsonschema",
    "rich", "sitecustomize", "usercustomize", "typing_extensions",
)  # fmt: skip
_CANARY = "canary-token"
_TOKENS = ("HF_TOKEN", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "PYTHONSTARTUP", "LSP_EXPERT_KEY")
_NAME = "untitled:main.go"


@dataclass(frozen=True)
class Seen:
    """What a session in that workspace showed."""

    imported: tuple[str, ...]
    variables: tuple[str, ...]  # of those with a canary, in the engine's environment
    folder: tuple[str, ...]  # what lies in the engine's folder
    dumping: tuple[str, ...]  # processes that may write a core dump
    fenced: bool


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """S9. Always at full scale: each module's name is a case of its own."""
    on_step("isolation", 0, 1)
    workspace, marks = stand.home / "workspace", stand.home / "imported"
    planted = plant(workspace, marks)
    seen = await _session(stand, workspace, marks)
    return (
        Row("S9", f"modules that server or engine imported from the workspace, of {planted} planted", "0",
            named(seen.imported), not seen.imported),
        Row("S9", f"tokens in the engine's environment, of {len(_TOKENS)}", "0", named(seen.variables),
            not seen.variables),
        Row("S9", "files in the engine's folder", "0", named(seen.folder), not seen.folder),
        Row("S9", "processes that may write a core dump", "0 of 2", f"{named(seen.dumping)} of 2", not seen.dumping),
        Row("S9", "engines that may gain privileges or open a network socket", "0", "0" if seen.fenced else "1",
            seen.fenced),
    )  # fmt: skip


def plant(workspace: Path, marks: Path) -> int:
    """A module of every name that could be imported, which says so in `marks`; how many."""
    (workspace / "pygls").mkdir(parents=True)
    names = sorted({*sys.stdlib_module_names, *_OTHERS})
    for name in names:
        at = workspace / name / "__init__.py" if name == "pygls" else workspace / f"{name}.py"
        at.write_text(f"open({str(marks)!r}, 'a').write({name!r} + '\\n')\nraise ImportError('of the workspace')\n")
    return len(names)


async def _session(stand: Stand, workspace: Path, marks: Path) -> Seen:
    model = stand.model or write_tiny_gguf(stand.home / "tiny.gguf", n_ctx=2048)
    install(stand.paths, {"go": model})
    tokens = dict.fromkeys(_TOKENS, _CANARY)
    environment = {"LSP_EXPERTS_HOME": str(stand.home), "PYTHONPATH": "", **tokens}
    async with RawClient.start(environment, (str(_script(stand.home)), "serve"), cwd=str(workspace)) as client:
        options = {"confidence": 0, "checkSyntax": False, "interpreter": "none"}
        await initialize(client, rootUri=workspace.as_uri(), initializationOptions=options)
        open_document(client, _NAME, "go")
        await suggestion(client, _NAME)
        return _look(client.process.pid, engine_below(client.process.pid).pid, marks)


def _look(server: int, engine: int, marks: Path) -> Seen:
    given = Path(f"/proc/{engine}/environ").read_bytes().decode("utf-8", "replace").split("\0")
    return Seen(
        imported=tuple(sorted(set(marks.read_text().split()))) if marks.exists() else (),
        variables=tuple(line.partition("=")[0] for line in given if _CANARY in line),
        folder=tuple(entry.name for entry in Path(f"/proc/{engine}/cwd").resolve().iterdir()),
        dumping=tuple(name for name, pid in (("server", server), ("engine", engine)) if _may_dump(pid)),
        fenced=fenced(engine),
    )


def _script(home: Path) -> Path:
    """What an installer makes of the command `lsp-experts`; it finds this package wherever it lies."""
    script = home / "bin" / "lsp-experts"
    script.parent.mkdir(parents=True)
    root = str(Path(lsp_experts.__file__).parents[1])
    script.write_text(
        f"import sys\nsys.path.append({root!r})\nfrom lsp_experts.cli.main import main\nsys.exit(main())\n"
    )
    return script


def _may_dump(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line.split()[4] for line in lines if line.startswith("Max core file size")) != "0"
