"""The engine's fence: no network in any thread, no core dump; and nothing in a model's file is run or rendered."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import lsp_experts
from lsp_experts.completion.templates import TEMPLATES, control_texts, segments
from lsp_experts.engine.client import EngineClient
from lsp_experts.engine.command import worker_command, worker_environment
from lsp_experts.engine.protocol import Load, Tokenize
from lsp_experts.lab.tiny_gguf import SPECIALS, vocabulary

_TRIES = """
import ctypes, json, resource, socket, threading
from lsp_experts.engine.confinement import no_core_dumps, no_network

def tries():
    said = {}
    for name, family, kind in (("inet", 2, 1), ("inet6", 10, 2), ("packet", 17, 3), ("vsock", 40, 1), ("unix", 1, 1)):
        try:
            socket.socket(family, kind).close()
            said[name] = "opened"
        except OSError as error:
            said[name] = error.strerror
    said["ring"] = "opened" if ctypes.CDLL(None).syscall(425, 1, ctypes.create_string_buffer(120)) >= 0 else "refused"
    return said

early, go = {}, threading.Event()
thread = threading.Thread(target=lambda: go.wait() and early.update(tries()))
thread.start()
no_core_dumps()
in_force = no_network()
go.set()
thread.join()
pair = socket.socketpair()
print(json.dumps([in_force, tries(), early, resource.getrlimit(resource.RLIMIT_CORE)[0]]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_no_thread_can_open_a_socket_to_the_network() -> None:
    run = subprocess.run([sys.executable, "-c", _TRIES], env=worker_environment(), capture_output=True, check=True)
    in_force, main, early, core_bytes = json.loads(run.stdout)
    if not in_force:
        pytest.skip("this kernel has no seccomp filters")
    refused = dict.fromkeys(("inet", "inet6", "packet", "vsock"), "Permission denied")
    assert main == {**refused, "unix": "opened", "ring": "refused"}
    assert early == main, "a thread that was there before"
    assert core_bytes == 0


@pytest.mark.asyncio
async def test_every_registered_control_text_is_text_in_a_document(tiny_gguf: Path) -> None:  # S4
    client = await EngineClient.start(worker_command(), environment=worker_environment())
    try:
        await client.load(Load("tiny", str(tiny_gguf), n_ctx=512, control_texts=control_texts())).result()
        texts = tuple(dict.fromkeys((*control_texts(), *SPECIALS)))
        spelled = await client.tokenize(Tokenize("tiny", (*texts, "".join(texts)))).result()
    finally:
        await client.close()
    pieces, kinds, _ = vocabulary()
    controls = {number for number, kind in enumerate(kinds) if kind == 3}
    assert {pieces[number] for number in controls} == set(SPECIALS)
    assert all(spelled)
    assert [text for text, tokens in zip((*texts, "all"), spelled, strict=True) if controls & set(tokens)] == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_prompt_has_the_templates_control_texts_and_no_other(name: str) -> None:  # S4
    everything = "".join(control_texts())
    parts = segments(TEMPLATES[name], everything, everything, everything)
    template = TEMPLATES[name]
    own = [text for text in (template.opening, *template.controls) if text]
    assert sorted(part.text for part in parts if part.control) == sorted(own)


def test_no_template_and_no_grammar_of_a_file_is_ever_used() -> None:  # S10
    """No renderer of templates is imported, and llama.cpp's own is not called, nor its grammars."""
    forbidden = {"jinja2", "llama_chat_apply_template", "llama_model_chat_template", "llama_sampler_init_grammar"}
    found = []
    for path in Path(lsp_experts.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [node.attr] if isinstance(node, ast.Attribute) else []
            found += [f"{path.name}: {name}" for name in names if name.split(".")[0] in forbidden]
    assert found == []
