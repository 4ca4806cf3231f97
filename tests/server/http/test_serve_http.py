"""`serve --http` as a process: real registry, store, pool and completer; the engine says what a script says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import stat
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import h11
import pytest

from lsp_experts.cli.main import main
from lsp_experts.cli.scripted_server import SAYS

LAUNCHER = Path(__file__).with_name("launch_http.py")
GO, HTML = SAYS["go-carved"], SAYS["html-carved"]
TIMEOUT_S = 60.0  # a hang guard, not a measurement
ZED = "<|fim_prefix|>{}<|fim_suffix|>{}<|fim_middle|>"
GO_TEXT = "package main\n\nfunc main() {\n\tdefer fmt.Println(err != nil)\n\t"
HTML_TEXT = '<ul class="names">\n  <li>One</li>\n  '


class Served:
    """A server that runs, and requests to it; each over a connection of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, token_path: Path) -> None:
        self.process, self.port, self.token_path = process, port, token_path

    @property
    def token(self) -> str:
        return self.token_path.read_text().strip()

    async def send(
        self, method: str, path: str, content: object = None, headers: Mapping[str, str | None] | None = None
    ) -> tuple[int, str, str]:
        """(status, content type, text) of the answer; a header that is None is left out."""
        body = b"" if content is None else json.dumps(content).encode()
        usual: dict[str, str | None] = {
            "Host": f"127.0.0.1:{self.port}",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }
        sent = [(name, value) for name, value in {**usual, **(headers or {})}.items() if value is not None]
        http = h11.Connection(h11.CLIENT)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for event in (h11.Request(method=method, target=path, headers=sent), h11.Data(data=body), h11.EndOfMessage()):
            writer.write(http.send(event) or b"")
        status, kind, text = 0, "", b""
        while not isinstance(event := http.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                http.receive_data(await asyncio.wait_for(reader.read(65536), TIMEOUT_S))
            elif isinstance(event, h11.Response):
                status = event.status_code
                kind = dict(event.headers).get(b"content-type", b"").decode()
            elif isinstance(event, h11.Data):
                text += event.data
        writer.close()
        return status, kind, text.decode()

    async def complete(self, prompt: str, **fields: Any) -> dict[str, Any]:
        status, _, text = await self.send("POST", "/v1/completions", {"prompt": prompt, **fields})
        assert status == 200, text
        answer: dict[str, Any] = json.loads(text)
        return answer

    async def error(self, *request: Any, **headers: str | None) -> tuple[int, str]:
        """(status, code) of a refusal."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, _, text = await self.send(*request, headers=named)
        return status, json.loads(text)["error"]["code"]


@asynccontextmanager
async def served(says: Mapping[str, str] = SAYS) -> AsyncIterator[Served]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        LAUNCHER,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "LSP_EXPERTS_FAKE_TEXT": json.dumps(says)},
    )
    assert process.stderr
    try:
        said = await asyncio.wait_for(process.stderr.readuntil(b"the token is in "), TIMEOUT_S)
        token_path = Path((await process.stderr.readline()).decode().strip())
        found = re.search(rb"listening on http://127\.0\.0\.1:(\d+)/v1/completions", said)
        assert found, said
        draining = asyncio.ensure_future(process.stderr.read())
        yield Served(process, int(found[1]), token_path)
    finally:
        if process.returncode is None:
            process.terminate()
        assert await asyncio.wait_for(process.wait(), TIMEOUT_S) == 143
    assert b"Traceback" not in await draining


@pytest.mark.asyncio
async def test_the_request_of_zed_is_answered_by_the_languages_expert() -> None:
    """Other fields than these are not read by Zed (RawCompletionResponse); these it cannot do without."""
    async with served() as server:
        zed = {"model": "auto", "max_tokens": 64, "stop": ["<|endoftext|>", "<|fim_prefix|>"], "environment": None}
        answer = await server.complete(ZED.format(GO_TEXT, "\n}\n"), **zed)  # waits while the expert loads
        assert answer["choices"] == [{"index": 0, "text": GO, "logprobs": None, "finish_reason": "stop"}]
        assert isinstance(answer["id"], str) and isinstance(answer["created"], int)
        assert (answer["object"], answer["model"]) == ("text_completion", "go-carved")
        assert {"prompt_tokens", "completion_tokens", "total_tokens"} == answer["usage"].keys()
        typed = await server.complete(ZED.format(GO_TEXT + "fmt.", "\n}\n"), **zed)
        assert typed["choices"][0]["text"] == GO.removeprefix("fmt.")
        html = await server.complete(ZED.format(HTML_TEXT, "\n</ul>\n"), **zed)
        assert (html["choices"][0]["text"], html["model"]) == (HTML, "html-carved")
        assert stat.S_IMODE(server.token_path.stat().st_mode) == 0o600


@pytest.mark.asyncio
async def test_the_model_names_a_language_or_an_expert() -> None:
    async with served() as server:
        for model, expert, before in (
            ("html", "html-carved", "<body>\n<ul>\n<li>one</li>\n"),
            ("go", "go-carved", "package main\n\nfunc main() {\n\t"),
            ("html-carved", "html-carved", "<body>\n<ul>\n<li>one</li>\n"),
        ):
            answer = await server.complete(before, suffix="", model=model)
            assert (answer["model"], answer["choices"][0]["text"]) == (expert, SAYS[expert]), answer["lspExperts"]
        _, _, text = await server.send("GET", "/v1/models")
        models = [each["id"] for each in json.loads(text)["data"]]
        assert models == ["auto", "go-carved", "html-carved", "go", "html"]


@pytest.mark.asyncio
async def test_a_stream_and_a_short_answer() -> None:
    async with served() as server:
        question = {"prompt": GO_TEXT, "suffix": "\n}\n", "stream": True, "stop": "Println"}
        status, kind, text = await server.send("POST", "/v1/completions", question)
        assert (status, kind) == (200, "text/event-stream")
        events = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
        assert events[-1] == "[DONE]"
        assert "".join(json.loads(event)["choices"][0]["text"] for event in events[:-1]) == "fmt."


@pytest.mark.asyncio
async def test_silences_have_their_reason() -> None:
    async with served({"go-carved": "", "html-carved": HTML}) as server:
        answer = await server.complete(GO_TEXT, model="go")
        assert answer["choices"][0]["text"] == ""
        assert answer["lspExperts"]["silence"] == "empty"
        (status,) = [json.loads(path.read_text()) for path in server.token_path.parent.joinpath("servers").iterdir()]
        assert status["client"] == "HTTP"


@pytest.mark.asyncio
async def test_who_may_not_come_in_gets_an_error_object() -> None:
    async with served() as server:
        ask = ("POST", "/v1/completions", {"prompt": "x"})
        assert await server.error(*ask, Authorization=None) == (401, "invalid_api_key")
        assert await server.error(*ask, Authorization="Bearer " + "x" * 43) == (401, "invalid_api_key")
        assert await server.error("GET", "/v1/models", None, Authorization=None) == (401, "invalid_api_key")
        assert await server.error("GET", "/unheard-of", None, Authorization=None) == (401, "invalid_api_key")
        assert await server.error(*ask, Origin="https://evil.example") == (403, "wrong_origin")
        assert await server.error(*ask, Host=f"evil.example:{server.port}") == (421, "wrong_host")
        assert await server.error("GET", "/health", None, Host="evil.example") == (421, "wrong_host")
        assert await server.error(*ask, Content_Type="text/plain") == (415, "wrong_content_type")
        assert await server.error("OPTIONS", "/v1/completions") == (405, "wrong_method")
        assert await server.error("GET", "/v1/completions") == (405, "wrong_method")
        assert await server.error("GET", "/v1/chat/completions") == (404, "not_found")
        assert await server.error("POST", "/v1/completions", {"prompt": 1}) == (400, "invalid_value")
        status, _, text = await server.send("GET", "/health", headers={"Authorization": None})
        assert (status, json.loads(text)) == (200, {"status": "ok"})


@pytest.mark.asyncio
async def test_without_an_expert_the_error_says_what_to_do() -> None:
    async with served({}) as server:
        status, _, text = await server.send("POST", "/v1/completions", {"prompt": GO_TEXT, "model": "go"})
        error = json.loads(text)["error"]
        assert (status, error["code"], error["type"]) == (503, "no_expert", "server_error")
        assert "lsp-experts pull" in error["message"]


def test_other_hosts_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--http", "--host", "0.0.0.0"]) == 1
    assert "not this machine" in capsys.readouterr().err


def test_http_and_tcp_are_two_ways(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--http", "--tcp"])
    assert "not allowed with" in capsys.readouterr().err
