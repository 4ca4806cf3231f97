"""The README of an exported folder: three commands for one host, several hosts, and what each user does. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from lsp_experts.lab.export.engine_files import EngineFiles
from lsp_experts.lab.export.remote_entries import FILE
from lsp_experts.lab.export.served import LeftOut, Served
from lsp_experts.registry.endpoint import host_of, is_loopback

AFFINITY_HEADER = "X-LSP-Experts-Document"
_TITLES = {"llama-server": "llama.cpp's server", "vllm": "vLLM", "ollama": "Ollama"}


def readme(engine: EngineFiles, endpoint: str, left_out: Sequence[LeftOut]) -> str:
    """Markdown. `endpoint`: where the users' servers will ask."""
    experts = "\n".join(
        f"| `{each.id}` | {', '.join(each.entry.languages)} | {each.entry.licence} | {_file(each)} |"
        for each in engine.served
    )
    return f"""\
# Experts on {_TITLES[engine.engine]}

Written by `lsp-experts export --for {engine.engine}`. Nothing of LSP Experts runs on the engine's host.

| model | languages | licence | file |
|---|---|---|---|
{experts}
{_missing(left_out)}
## One host

{engine.one_host.strip()}

## Several hosts

{engine.several_hosts.strip()}

In front, any load balancer that sends a document's requests to the same host: then that host's KV cache has the prompt
already. Each request names its document in the header `{AFFINITY_HEADER}`, a keyed hash that says nothing of its name.
With nginx (`ngx_http_upstream_module`, `hash ... consistent`):

```nginx
upstream experts {{
    hash $http_{AFFINITY_HEADER.lower().replace("-", "_")} consistent;
    server HOST_1:{urlsplit(engine.endpoint).port};
    server HOST_2:{urlsplit(engine.endpoint).port};
    keepalive 32;
}}
server {{
    listen 443 ssl;
    server_name models.example.org;
    ssl_certificate     CERTIFICATE.pem;
    ssl_certificate_key KEY.pem;
    access_log off;
    location /v1/ {{
        proxy_pass http://experts;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_buffering off;
    }}
}}
```

Without `proxy_buffering off` answers come late; a keystroke that makes an answer useless closes its connection, and
nginx then closes the one to the engine, which ends the work there.

## Each user

1. Put the entries of [{FILE}]({FILE}) into your own registry, the file of this name in your configuration folder.
{_consent(endpoint)}

Code leaves a machine over https only, so any host but this one needs a certificate (here the load balancer has it), or
a tunnel: `ssh -L {_port(endpoint)}:127.0.0.1:{_port(endpoint)} HOST` keeps the address of the entries as it is.
"""


def _file(each: Served) -> str:
    if isinstance(each.model, Path):
        return "of this machine"
    return each.model.repo if each.base.verified else f"{each.model.repo}, a name that nobody verified"


def _missing(left_out: Sequence[LeftOut]) -> str:
    if not left_out:
        return ""
    return "\nNot served:\n\n" + "".join(f"- `{each.expert}`: {each.why}.\n" for each in left_out)


def _consent(endpoint: str) -> str:
    host = host_of(endpoint)
    if is_loopback(host):
        return """\
2. As they are they name this machine, which needs no leave. For another host change their `endpoint` (`lsp-experts
   export --endpoint https://HOST/v1` writes it so), and allow that host: `lsp-experts remote allow HOST`."""
    return f"2. Allow the host: `lsp-experts remote allow {host}`. Until then nothing is sent to it."


def _port(endpoint: str) -> int:
    parts = urlsplit(endpoint)
    return parts.port or (443 if parts.scheme == "https" else 80)
