"""The drill of sockets: while the user works, neither server nor engine has one that anybody else could reach.

The kernel's own lists are read (`/proc/<pid>`): only on Linux.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lsp_experts.lab.faults.raw_client import RawClient
from lsp_experts.lab.faults.real_server import (
    TEXT,
    answer_to,
    ask,
    engine_below,
    install,
    open_document,
    serving,
    suggestion,
)
from lsp_experts.lab.faults.row import Row, named
from lsp_experts.lab.faults.stand import OnStep, Stand
from lsp_experts.lab.faults.talk import changed
from lsp_experts.lab.tiny_gguf import write_tiny_gguf

_LOOKS, _GO = 200, "untitled:main.go"
# Of /proc/<pid>/net: the column of the inode in each list (proc(5)).
_INODE: Mapping[str, int] = {
    "tcp": 9, "tcp6": 9, "udp": 9, "udp6": 9, "udplite": 9, "udplite6": 9, "raw": 9, "raw6": 9, "icmp": 9, "icmp6": 9,
    "packet": 8, "netlink": 9, "unix": 6,
}  # fmt: skip
_LISTENS, _FLAGS, _PATH = 0x10000, 3, 7  # of a line of the list `unix`


async def drill(stand: Stand, on_step: OnStep) -> tuple[Row, ...]:
    """S7: over a session of completions, changes, actions and changed settings, a look after each."""
    looks = stand.times(_LOOKS)
    found: set[str] = set()
    install(stand.paths, {"go": stand.model or write_tiny_gguf(stand.home / "tiny.gguf", n_ctx=2048)})
    async with serving(stand.home) as client:
        open_document(client, _GO, "go")
        await suggestion(client, _GO)
        engine = engine_below(client.process.pid).pid
        for number in range(1, looks + 1):
            on_step("sockets", number, looks)
            await _work(client, number)
            for name, pid in (("server", client.process.pid), ("engine", engine)):
                found.update(f"{name}: {kind}" for kind in reachable_sockets(pid))
        confined = fenced(engine)
    return (
        Row(
            "S7",
            f"sockets of server and engine that others could reach, {looks} looks",
            "0",
            named(sorted(found)),
            not found,
        ),
        Row("S7", "engines that could open one to the network", "0", "0" if confined else "1", confined),
    )


def reachable_sockets(pid: int) -> Iterator[str]:
    """The kinds of a process's sockets, but for nameless pairs: an event loop's own, which nobody else can open."""
    folder = Path(f"/proc/{pid}")
    kinds = {}
    for kind, column in _INODE.items():
        file = folder / "net" / kind
        lines = file.read_text().splitlines()[1:] if file.exists() else ()
        for parts in map(str.split, lines):
            nameless = kind == "unix" and len(parts) <= _PATH and not int(parts[_FLAGS], 16) & _LISTENS
            kinds[parts[column]] = "" if nameless else kind
    for link in (folder / "fd").iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:  # closed meanwhile
            continue
        if target.startswith("socket:["):
            kind = kinds.get(target[len("socket:[") : -1], "of an unknown kind")
            if kind:
                yield kind


def fenced(pid: int) -> bool:
    """Whether a process runs under a filter of system calls that it cannot get rid of (engine/confinement.py)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    said = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return said.get("Seccomp") == "2" and said.get("NoNewPrivs") == "1"


async def _work(client: RawClient, number: int) -> None:
    """One round of what users do."""
    text = f"// {number}\n{TEXT}"
    client.notify("textDocument/didChange", changed(_GO, number + 1, {"text": text}))
    open_document(client, f"untitled:{number % 5}.html", "html", "<p>")
    client.notify("workspace/didChangeConfiguration", {"settings": {"lspExperts": {"maxTokens": 8 + number % 8}}})
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 4, "character": 0}}
    params = {"textDocument": {"uri": _GO}, "range": place, "context": {"diagnostics": []}}
    await client.call(f"actions {number}", "textDocument/codeAction", params)
    await answer_to(client, ask(client, _GO, text))
