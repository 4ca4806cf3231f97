"""The options of the commands that have many, with what their help says at the end."""

from __future__ import annotations

import argparse
from pathlib import Path

_BENCH_REPLAY_EPILOG = """\
A case is a line, a line's rest, an argument or a block of a file, taken out and typed again with pauses as people make
them, 24 keys at most. Each key asks for a suggestion; one that has not come at the next key is superseded. The user
accepts what is right as a whole, else its first right lines, when that saves keys.

  exact line   cases whose first suggestion began with exactly the rest of its line
  prefix chars characters of a suggestion before its first wrong one
  similarity   1 - edit distance / length, to as many lines of what was really written
  shown %      keys after which a suggestion stood before the next key
  precision    suggestions whose first line is a true continuation
  saved/100    keys saved by accepting, of 100 that the text takes otherwise
  calls/key    requests to a model per key: warming, aborted and speculative ones too
  prompt tokens/call  of prompts, for each request
  tokens/key   tokens that ran through a model, of prompts and generated ones, for whatever reason
  p50, p95     from the first key that nobody has answered yet to a new suggestion on the screen"""


def add_bench_replay(replay: argparse.ArgumentParser) -> None:
    """The options of `bench replay`."""
    replay.epilog = _BENCH_REPLAY_EPILOG
    replay.add_argument("folder", type=Path, metavar="DIR", help="a workspace; what .gitignore names is left out")
    replay.add_argument("--limit", type=int, default=12, metavar="N", help="cases (default: %(default)s)")
    replay.add_argument("--languages", nargs="+", default=(), metavar="ID", help="only these (default: all there are)")
    replay.add_argument(
        "--features", nargs="+", default=(), metavar="NAME", help="rows with one switched off (default: all; or none)"
    )
    replay.add_argument("--no-peer", dest="peer", action="store_false", help="without llama.cpp's own server")
    replay.add_argument(
        "--cadence", type=float, default=180, metavar="MS", help="median between keys (default: %(default)s)"
    )
    replay.add_argument("--seed", type=int, default=7, help="which places, which pauses (default: %(default)s)")
    add_json(replay)


_CHECK_EPILOG = """\
A check runs in a copy of the folder: unsaved edits count, and the working tree is left alone. It is your command on
your code, run with your rights and environment; it is no sandbox. node_modules, .venv and venv are linked, not copied.
What git ignores and .git itself are not there. A command without a shell: `sh -c "a && b"` where you need one."""


def add_check(check: argparse.ArgumentParser) -> None:
    """The options of `check`."""
    check.epilog = _CHECK_EPILOG
    check.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="default: here")
    what = check.add_mutually_exclusive_group()
    what.add_argument("--set", dest="command", metavar="COMMAND", help='such as "go build ./..." or "pytest -q"')
    what.add_argument("--unset", action="store_true", help="forget the command of this folder")
    what.add_argument("--run", dest="run_it", action="store_true", help="run it now, as the server would")


_EVAL_EPILOG = """\
A case is a line, a line's rest, an argument or a block of a file, held out; each expert completes it with the prompt
and the stop rules of the server. All experts get the same cases, so differences are taken pair by pair.

  exact        just the held-out text was suggested
  right chars  of a suggestion, before its first wrong one
  similarity   1 - edit distance / length
  bits/byte    what the held-out lines cost the model: less is better
  first, all   milliseconds to the first token and to the whole suggestion: medians, of this machine now
  tokens       of prompt and answer that were decoded for a case

What was found, each expert's gate and whom to prefer are written into your registry, but for a --dry-run. A stopped
evaluation goes on where it was, when the same command is given again."""


def add_eval(evaluate: argparse.ArgumentParser) -> None:
    """The options of `eval`."""
    evaluate.epilog = _EVAL_EPILOG
    evaluate.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="default: here")
    evaluate.add_argument(
        "--experts", default="", metavar="A,B,C", help="default: in each language its experts and their bases"
    )
    evaluate.add_argument("--languages", default="", metavar="A,B", help="only these (default: all there are)")
    evaluate.add_argument(
        "--limit", type=int, default=120, metavar="CASES", help="for each language (default: %(default)s)"
    )
    evaluate.add_argument("--minutes", type=float, metavar="N", help="stop after them, with the cases done by then")
    evaluate.add_argument(
        "--since",
        metavar="REV",
        help="only lines written after this commit, '' for all (default: git's last tenth)",
    )
    evaluate.add_argument("--seed", type=int, default=7, help="which places (default: %(default)s)")
    evaluate.add_argument("--html", type=Path, metavar="FILE", help="write a report with plots there")
    evaluate.add_argument("--dry-run", action="store_true", help="leave your registry as it is")
    evaluate.add_argument("--fresh", action="store_true", help="measure again what an earlier run measured")
    add_json(evaluate)


_RECOMMEND_EPILOG = """\
Of DIR it tells the languages and domains, by its files (what ignore files name is left out) and by what its project
files depend on, and for each the expert that suits: one that is installed, else what to fetch or make. Then, for each
language that `lsp-experts eval` measured, the expert to start with. Nothing is fetched."""


def add_recommend(recommend: argparse.ArgumentParser) -> None:
    """The options of `recommend`."""
    recommend.epilog = _RECOMMEND_EPILOG
    recommend.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="a workspace (default: none)")
    way = recommend.add_mutually_exclusive_group()
    way.add_argument("--apply", action="store_true", help="let routing go by what was measured")
    way.add_argument("--reset", action="store_true", help="forget every preference: the registry's order holds again")
    add_json(recommend)


def add_bench_review(review: argparse.ArgumentParser) -> None:
    """The options of `bench review`."""
    review.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="default: here")
    review.add_argument("--expert", default="", metavar="ID", help="default: those that review DIR here")
    review.add_argument("--mutations", type=int, default=40, metavar="N", help="slips to make (default: %(default)s)")
    review.add_argument(
        "--commits", type=int, default=20, metavar="N", help="bug fixes of its git history (default: %(default)s)"
    )
    review.add_argument(
        "--limit-files", type=int, default=20, metavar="N", help="files to make them in (default: %(default)s)"
    )
    review.add_argument("--minutes", type=float, default=20, metavar="M", help="at most (default: %(default)g)")
    review.add_argument(
        "--budget", type=float, default=1, metavar="B", help="false alarms in 1,000 lines (default: %(default)g)"
    )
    add_json(review)


_CARVE_EPILOG = """\
What stays: the language's keep-set, what --corpus has, special tokens, and all that these are merged from; with
--tokens just so many, by how often the corpus and code of the language need them. A base that holds one matrix as both
of its vocabulary tables is carved with one. The file is checked beside its base before it is installed; whether it is
as good on your code is for `lsp-experts eval` to say."""


def add_carve(carve: argparse.ArgumentParser) -> None:
    """The options of `carve`."""
    carve.epilog = _CARVE_EPILOG
    carve.add_argument("--language", required=True, help="LSP language id, such as go or html")
    carve.add_argument(
        "--from", dest="base", metavar="BASE", help="an expert id or a GGUF file (default: the registry's)"
    )
    carve.add_argument(
        "--corpus", action="append", type=Path, default=[], metavar="DIR", help="keep its words too; may be given again"
    )
    carve.add_argument("--id", dest="expert_id", help="name of the result (default: LANGUAGE-carved)")
    carve.add_argument("--tokens", type=int, metavar="N", help="keep just so many, the least used ones go first")
    carve.add_argument(
        "--keep-both-tables", dest="both_tables", action="store_true", help="even if the base has one matrix twice"
    )
    carve.add_argument(
        "--ffn-blocks", type=int, default=0, metavar="K", help="experimental: 256 K columns of each layer go too"
    )
    carve.add_argument(
        "--quantise", dest="file_type", default="", metavar="TYPE",
        help="requantise it then (Q4_K_M, IQ4_XS ...), by an importance matrix of --corpus; for a base in F16 or Q8_0",
    )  # fmt: skip
    carve.add_argument("--force", action="store_true", help="carve again, even if it is installed")


_ADAPT_EPILOG = """\
It trains a LoRA adapter (pip install 'lsp-experts[train]') on the code that was there before the later commits, and is
judged by the lines that these added: installed if they cost it fewer bits than its base, beyond the 95 % interval, and
it is not seen to be right less often. Files with what looks like a key are left out. Ctrl-C keeps what was trained; the
same command goes on. --refresh, for a scheduled job, goes on from the installed adapter and the last commit it saw."""


def add_adapt(adapt: argparse.ArgumentParser) -> None:
    """The options of `adapt`."""
    adapt.epilog = _ADAPT_EPILOG
    adapt.add_argument("folder", type=Path, metavar="DIR", help="a workspace, with its git history if it has one")
    adapt.add_argument("--base", default="", metavar="ID", help="default: the expert that answers in the language now")
    adapt.add_argument("--language", default="", metavar="ID", help="default: the one with most code in DIR")
    adapt.add_argument("--id", dest="expert_id", default="", help="name of the result (default: LANGUAGE-adapted)")
    adapt.add_argument(
        "--minutes", type=float, metavar="M", help="of training, at most (default: 120; with --tokens none)"
    )
    adapt.add_argument("--tokens", type=int, metavar="N", help="to train on (default: twice what there is)")
    adapt.add_argument("--rank", type=int, default=16, metavar="R", help="of the adapter (default: %(default)s)")
    adapt.add_argument(
        "--learning-rate", type=float, default=5e-4, metavar="X", help="the highest (default: %(default)g)"
    )
    adapt.add_argument("--limit", type=int, default=200, metavar="N", help="cases to judge by (default: %(default)s)")
    adapt.add_argument("--refresh", action="store_true", help="go on from the installed adapter")
    adapt.add_argument("--keep", type=Path, metavar="FILE", help="copy the adapter there, installed or not")
    adapt.add_argument("--dry-run", action="store_true", help="say what would be trained and judged, and leave")
    add_json(adapt)


_BENCH_CARVE_EPILOG = """\
Rows: the base; its two tables as one; its vocabulary cut to each of --tokens; its feed-forward network cut by each of
--ffn-blocks; plain quantisations of it ("Q3_K_M+Q4_0": with the vocabulary in Q4_0, as small as a cut one), "@corpus"
behind one: by an importance matrix of --corpus. Each other row stands beside the plain one nearest in size. A base that
is quantised already loses twice by --quants: give an F16 or Q8_0 base for a fair price of those.

  kept       share of the held-out text's tokens that are still one token
  length     how many times the base's tokens that text takes
  bits/byte  what its lines cost the model: less is better

The files are made in a folder of the store and removed at the end. Ctrl-C keeps what was measured, the same command
goes on."""


def add_bench_carve(bench: argparse.ArgumentParser) -> None:
    """The options of `bench carve`."""
    bench.epilog = _BENCH_CARVE_EPILOG
    bench.add_argument("--language", required=True, help="LSP language id, such as go or html")
    bench.add_argument("--data", type=Path, required=True, metavar="DIR", help="held-out code to measure on")
    bench.add_argument(
        "--corpus", action="append", type=Path, default=[], metavar="DIR", help="code to carve by; may be given again"
    )
    bench.add_argument(
        "--from",
        dest="base",
        default="qwen2.5-coder-0.5b",
        metavar="BASE",
        help="an expert id or a GGUF file (default: %(default)s)",
    )
    bench.add_argument(
        "--tokens", default="8000,16000,24000,32000,44000,64000,94000", metavar="N,N", help="default: %(default)s"
    )
    bench.add_argument(
        "--quants", default="Q4_0,Q3_K_M,Q3_K_M+Q4_0,Q2_K+Q4_0", metavar="TYPE,TYPE", help="default: %(default)s"
    )
    bench.add_argument("--ffn-blocks", default="", metavar="K,K", help="columns to cut, in 256s (default: none)")
    bench.add_argument("--limit", type=int, default=120, metavar="CASES", help="at most (default: %(default)s)")
    bench.add_argument(
        "--stretches", type=int, default=0, metavar="N", help="read so many stretches instead: many lines in a minute"
    )
    bench.add_argument("--minutes", type=float, metavar="M", help="to measure (default: as long as it takes)")
    bench.add_argument("--seed", type=int, default=7, help="which places (default: %(default)s)")
    bench.add_argument("--fresh", action="store_true", help="measure again what an earlier run measured")
    bench.add_argument("--html", type=Path, metavar="FILE", help="write a report with plots there")
    add_json(bench)


_BENCH_MATRIX_EPILOG = """\
For each language the base's vocabulary is cut to as many tokens by the counts of its training text; "code" is such a
cut by all languages in equal parts, "base" is uncut. They differ in nothing else. The files are made in a folder of the
store and removed at the end: 2.5 GB for six languages and a 0.5B. Ctrl-C keeps what was read, the same command goes on.
`python -m lsp_experts.lab.corpora DIR` fetches packages and makes the corpora."""


def add_bench_faults(faults: argparse.ArgumentParser) -> None:
    """The options of `bench faults`."""
    faults.add_argument("--only", default="", metavar="DRILL,DRILL", help="default: all")
    faults.add_argument(
        "--scale", type=float, default=1.0, metavar="SHARE", help="of the published counts (default: 1)"
    )
    faults.add_argument("--model", default="", metavar="BASE", help="an expert id or a GGUF file (default: a tiny one)")
    faults.add_argument("--seed", type=int, default=7, help="which faults (default: %(default)s)")
    add_json(faults)


_BENCH_TEAM_EPILOG = """\
N users type shipped files into the product's prompts, at a real llama.cpp server on loopback (pip install xllamacpp);
each key supersedes the one before. Once with anchored prompts, once with usual ones, each at a server of its own.

  prompt tokens  decoded by the server per keystroke, by its own count
  answered       keystrokes whose answer came before the next key
  superseded     those that the next key was faster for
  fallbacks      those where the server failed or was too late: the local expert would have answered
  p50, p95       time to the answer; superseded keystrokes count as "longer than this" (product-limit estimate)
  busy share     of a GPU's time that so many users take, by plain arithmetic

Users of a GPU and fleets are simulated event by event, from the sizes and pauses that were measured and the GPU's
rates; the rows "simulation" say how near the simulation comes to the measured server."""


def add_bench_team(team: argparse.ArgumentParser) -> None:
    """The options of `bench team`."""
    team.epilog = _BENCH_TEAM_EPILOG
    team.add_argument("--users", type=int, default=4, metavar="N", help="at the real server (default: %(default)s)")
    team.add_argument(
        "--model",
        default="qwen2.5-coder-0.5b",
        metavar="BASE",
        help="an expert id or a GGUF file (default: %(default)s)",
    )
    team.add_argument("--minutes", type=float, default=2, metavar="M", help="of typing, at most (default: %(default)g)")
    team.add_argument(
        "--cadence", type=float, default=180, metavar="MS", help="median between keys (default: %(default)g)"
    )
    team.add_argument(
        "--fleets", default="100,1000,10000", metavar="N,N", help="users to simulate (default: %(default)s)"
    )
    team.add_argument("--gpu", default="rtx-4090", help="of the fleets' hosts: rtx-4090, gb10, m2-ultra")
    team.add_argument("--prompt-rate", type=float, default=0, metavar="R", help="or one that reads R prompt tokens/s")
    team.add_argument(
        "--decode-rate", default="", metavar="R@N,R@N", help="and writes R tokens/s of N answers together, for two N"
    )
    team.add_argument(
        "--kept-tokens", type=int, default=100_000, metavar="N", help="and keeps N prompt tokens (default: %(default)s)"
    )
    team.add_argument("--seed", type=int, default=7, help="which pauses, which sizes (default: %(default)s)")
    add_json(team)


def add_bench_matrix(matrix: argparse.ArgumentParser) -> None:
    """The options of `bench matrix`."""
    matrix.epilog = _BENCH_MATRIX_EPILOG
    matrix.add_argument("--corpora", type=Path, required=True, metavar="DIR", help="with train/ and held-out/LANGUAGE")
    matrix.add_argument("--languages", nargs="+", default=(), metavar="ID", help="default: all that DIR has")
    matrix.add_argument(
        "--from",
        dest="base",
        default="qwen2.5-coder-0.5b",
        metavar="BASE",
        help="an expert id or a GGUF file (default: %(default)s)",
    )
    matrix.add_argument("--tokens", type=int, default=24_000, metavar="N", help="of a cut (default: %(default)s)")
    matrix.add_argument(
        "--stretches", type=int, default=14, metavar="N", help="some 20 lines each, of each language, to read"
        " (default: %(default)s)",
    )  # fmt: skip
    matrix.add_argument(
        "--places", type=int, default=0, metavar="N", help="of each language, to complete at; slow (default: none)"
    )
    matrix.add_argument("--minutes", type=float, default=30, metavar="M", help="to measure (default: %(default)g)")
    matrix.add_argument("--seed", type=int, default=7, help="which stretches and places (default: %(default)s)")
    matrix.add_argument("--fresh", action="store_true", help="measure again what an earlier run measured")
    matrix.add_argument("--html", type=Path, metavar="FILE", help="write the tables there, too")
    add_json(matrix)


def add_json(command: argparse.ArgumentParser) -> None:
    """The option of every command that can answer with one JSON object."""
    command.add_argument("--json", dest="as_json", action="store_true", help="print one JSON object instead of text")


def add_serve(serve: argparse.ArgumentParser) -> None:
    """The options of `serve`."""
    serve.add_argument("--stdio", action="store_true", help="talk over standard input and output (the default)")
    way = serve.add_mutually_exclusive_group()
    way.add_argument("--tcp", action="store_true", help="listen on a loopback address for one client")
    way.add_argument("--http", action="store_true", help="complete over HTTP there, in the shape of OpenAI's API (Zed)")
    serve.add_argument("--host", default="127.0.0.1", help="with --tcp or --http (default: %(default)s)")
    serve.add_argument("--port", type=int, default=2087, help="with them, 0 for any (default: %(default)s)")
    serve.add_argument("--log-file", type=Path, help="log here instead of to standard error")
    levels = ("debug", "info", "warning", "error")
    serve.add_argument("--log-level", choices=levels, default="info", help="default: %(default)s")
    serve.add_argument("--clientProcessId", dest="client_process_id", type=int, help=argparse.SUPPRESS)


_REMOTE_EPILOG = """\
A registry entry of kind remote names an engine with OpenAI's /v1/completions. Nothing is sent to a host that is not
this machine until you allow it here; no workspace and no setting of an editor can. Texts that look like secrets are
masked before anything is sent, and files that are left out locally are left out there too."""


def add_remote(remote: argparse.ArgumentParser) -> None:
    """The options of `remote`."""
    remote.epilog = _REMOTE_EPILOG
    ways = remote.add_subparsers(metavar="COMMAND", required=True)
    shown = ways.add_parser("list", help="the remote experts of your registry, and the hosts that you allowed")
    add_json(shown)
    for what, names, text in (
        ("allow", "HOST", "let code be sent to this host"),
        ("forget", "HOST", "send nothing there any more"),
        ("check", "ID", "ask this expert for a line"),
    ):
        way = ways.add_parser(what, help=text, description=text[0].upper() + text[1:] + ".")
        way.add_argument("name", metavar=names)
        way.set_defaults(what=what)
    shown.set_defaults(what="list")


_EXPORT_EPILOG = """\
The engine is not ours and runs where you want it: llama.cpp's server for all experts, vLLM for a base with many
adapters on a GPU, Ollama where it is there already. The folder's README has three commands for one host, a section for
several, and what each user enters. Model files stay where they are; the configuration names them."""


def add_export(export: argparse.ArgumentParser) -> None:
    """The options of `export`."""
    export.epilog = _EXPORT_EPILOG
    export.add_argument("--for", dest="engine", required=True, choices=("vllm", "llama-server", "ollama"))
    export.add_argument("--out", type=Path, metavar="DIR", help="default: experts-ENGINE, here")
    export.add_argument(
        "--expert", dest="experts", action="append", default=[], metavar="ID", help="only it; default: all installed"
    )
    export.add_argument("--endpoint", default="", metavar="URL", help="where users will ask (default: this machine)")
    export.add_argument(
        "--weights", default="", metavar="NAME", help="for vLLM: repository or folder with the base's full weights"
    )
    export.add_argument("--force", action="store_true", help="replace files that are there")
