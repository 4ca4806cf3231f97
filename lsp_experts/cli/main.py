"""The command line: what can be asked for, and which file does it. Each command is imported when it is called."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from lsp_experts import __version__
from lsp_experts.cli.options import (
    add_adapt,
    add_bench_carve,
    add_bench_faults,
    add_bench_matrix,
    add_bench_replay,
    add_bench_review,
    add_bench_team,
    add_carve,
    add_check,
    add_eval,
    add_export,
    add_json,
    add_recommend,
    add_remote,
    add_serve,
)
from lsp_experts.errors import ExpertsError

_DESCRIPTION = """\
Complete code with small expert models that run on this machine: one for each language, in memory when it is needed.
Nothing leaves the machine unless you name a host (`remote allow`); only `pull` (and `demo`, once) fetches anything."""

_EPILOG = """\
first steps:
  lsp-experts demo                      see it work (fetches a 491 MB base once)
  lsp-experts experts                   what there is, and what is installed
  lsp-experts carve --language python   make an expert for another language
  lsp-experts doctor                    check this machine and the installed experts
  lsp-experts serve                     what an editor starts (the README says how)"""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Line breaks of descriptions as written; enough room for option names."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=34, width=110)


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `module`, a file of this folder with a `run`."""
    top = argparse.ArgumentParser(
        prog="lsp-experts", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=_Formatter
    )
    top.add_argument("--version", action="version", version=f"lsp-experts {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, module: str, text: str, within: Any = commands) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = within.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", formatter_class=_Formatter
        )
        made.set_defaults(module=module)
        return made

    add_serve(add("serve", "serve", "run the language server (an editor starts this)"))

    demo = add("demo", "demo", "complete a Go file and an HTML file, each with its own expert, and show what it cost")
    add_json(demo)

    complete = add("complete", "complete", "complete at one place of a file and print the suggestion")
    complete.add_argument("file", type=Path, metavar="FILE")
    complete.add_argument("--line", type=int, required=True, help="line of the cursor, from 1")
    complete.add_argument("--column", type=int, required=True, help="column of the cursor, from 1, in characters")
    complete.add_argument("--language", default="", help="LSP language id (default: by the file's name)")
    add_json(complete)

    experts = add("experts", "experts", "list the experts of the registry, and which are installed")
    experts.add_argument("--installed", dest="installed_only", action="store_true", help="only those in the store")
    experts.add_argument("--language", help="only those for this LSP language id")
    add_json(experts)

    pull = add("pull", "pull", "fetch experts into the store")
    pull.add_argument("ids", nargs="+", metavar="ID")
    pull.add_argument("--yes", action="store_true", help="agree to a licence that asks for it")
    pull.add_argument("--from", dest="from_file", type=Path, metavar="FILE", help="take this file instead")
    pull.add_argument("--again", action="store_true", help="fetch it even if it is there")

    remove = add("remove", "remove", "remove experts from the store")
    remove.add_argument("ids", nargs="+", metavar="ID")

    verify = add("verify", "verify", "hash the files of installed experts again")
    verify.add_argument("ids", nargs="*", metavar="ID", help="default: all that are installed")

    path = add("path", "path", "print where an expert's file lies")
    path.add_argument("ids", nargs="+", metavar="ID")

    add_carve(add("carve", "carve", "make an expert for one language by cutting a base's vocabulary"))
    add_adapt(add("adapt", "adapt", "train an adapter on your own code, and install it if it is better than its base"))

    fit = add("fit", "fit", "find out on your own code how sure each expert must be of what it shows")
    fit.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="a workspace (default: here)")
    fit.add_argument(
        "--expert", dest="experts", nargs="+", default=(), metavar="ID", help="default: those that answer in DIR"
    )
    fit.add_argument(
        "--limit", type=int, default=200, metavar="N", help="cases for each, at least 60 (default: %(default)s)"
    )
    fit.add_argument("--review", action="store_true", help="of a review's findings, for one false alarm in 1,000 lines")
    fit.add_argument(
        "--lines", type=int, default=3000, metavar="N", help="with --review: lines for each (default: %(default)s)"
    )
    add_json(fit)

    add_eval(add("eval", "eval", "measure experts on your own code, and prefer what does better there"))

    add_recommend(add("recommend", "recommend", "say which experts a workspace asks for, and which do best by eval"))

    add_remote(add("remote", "remote", "list remote experts, and say which hosts code may be sent to"))

    add_export(add("export", "export", "write what vLLM, llama-server or Ollama need to serve your experts"))

    registry = add("registry", "", "work with registry files")
    check = add(
        "check", "registry_check", "check a registry file", registry.add_subparsers(metavar="COMMAND", required=True)
    )
    check.add_argument("file", metavar="FILE")

    doctor = add("doctor", "doctor", "check this machine, llama.cpp's build and each installed expert")
    add_json(doctor)

    live = add("top", "top", "show the running servers: which experts are in memory, and what they cost")
    live.add_argument("--once", action="store_true", help="print it once and leave")
    add_json(live)

    stats = add("stats", "stats", "show what became of suggestions: shown, accepted, still in the code later")
    stats.add_argument("--days", type=int, default=366, metavar="N", help="only the last N days")
    stats.add_argument("--forget", dest="delete", action="store_true", help="delete all of it")
    add_json(stats)

    add_check(add("check", "check", "show, set or run the command that checks a folder (lspExperts.check)"))

    add("forget", "forget", "delete what was learned here: switches, sizes, statistics, evaluations, begun adapters")

    bench = add("bench", "", "measure; every ratio comes from one run")
    benches = bench.add_subparsers(metavar="COMMAND", required=True)
    latency = add(
        "latency", "bench_latency", "type real files through the server, anchored and with the usual prompt", benches
    )
    latency.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="default: files that ship with the package"
    )
    latency.add_argument("--keystrokes", type=int, default=40, help="per file and prompt (default: %(default)s)")
    add_json(latency)
    add_bench_review(add("review", "bench_review", "what a review finds of known slips, and its false alarms", benches))
    add_bench_replay(add("replay", "bench_replay", "type held-out code of a workspace at real cadence", benches))
    fim = add("fim", "bench_fim", "HumanEval-Infilling: exact match and pass rate, anchored and usual", benches)
    fim.add_argument("--data", type=Path, required=True, help="a HumanEval-Infilling file, or one of its shape")
    fim.add_argument(
        "--derive", choices=("multi", "span"), default="", help="make such cases of a single-line file's programs"
    )
    fim.add_argument(
        "--cursor", choices=("mid", "start"), default="mid", help="column of the cursor in the hidden line"
    )
    fim.add_argument(
        "--anchor-lines", type=int, nargs="+", default=(), metavar="N", help="lines from anchor to cursor (default: 4)"
    )
    fim.add_argument("--limit", type=int, default=128, help="lines to draw from the file (default: %(default)s)")
    fim.add_argument("--expert", default="qwen2.5-coder-0.5b", help="an installed expert or a GGUF file")
    add_json(fim)
    acts = add("actions", "bench_actions", "code actions at functions of HumanEval, judged by running them", benches)
    acts.add_argument("--data", type=Path, required=True, help="HumanEval-SingleLineInfilling.jsonl.gz")
    acts.add_argument("--limit", type=int, default=8, metavar="N", help="functions (default: %(default)s)")
    acts.add_argument("--expert", default="", metavar="ID", help="default: for each action the one that does it here")
    add_json(acts)
    both = add("combine", "bench_combine", "HumanEval-Infilling: two experts alone, ranked, as an ensemble", benches)
    both.add_argument("--data", type=Path, required=True, help="HumanEval-SingleLineInfilling.jsonl.gz")
    both.add_argument("--experts", nargs=2, default=("python-carved", "smollm2-135m-instruct"), metavar="ID")
    both.add_argument("--limit", type=int, default=128, help="lines to draw from the file (default: %(default)s)")
    add_json(both)
    add_bench_carve(
        add("carve", "bench_carve", "what each way to make a base smaller costs, beside plain quantisation", benches)
    )
    add_bench_matrix(
        add("matrix", "bench_matrix", "experts of one size, each cut for one language, tested on all of them", benches)
    )
    swap = add("swap", "bench_swap", "switch between installed experts many times: times, memory, leaks", benches)
    swap.add_argument("--rounds", type=int, default=20, help="for each time (default: %(default)s)")
    swap.add_argument("--swaps", type=int, default=200, help="under a tight budget (default: %(default)s)")
    swap.add_argument(
        "--experts", nargs="+", default=(), metavar="ID", help="three or more; the first is measured in detail"
    )
    add_json(swap)
    add_bench_faults(add("faults", "bench_faults", "do on purpose what goes wrong on users' machines", benches))
    add_bench_team(add("team", "bench_team", "what a team costs a server, and how many users a GPU serves", benches))
    repack = add("repack", "bench_repack", "does repacking an expert's weights pay on this CPU?", benches)
    repack.add_argument("expert", nargs="?", default="", metavar="EXPERT", help="default: the interpreter")
    repack.add_argument("--rounds", type=int, default=9, help="pairs to measure (default: %(default)s)")
    add_json(repack)
    return top


def _terminated(number: int, _: object) -> None:
    raise SystemExit(128 + number)  # as an exception, so that temporary files go and the engine is closed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. An error the user can mend is one line, never a traceback."""
    options = vars(parser().parse_args(arguments))
    signal.signal(signal.SIGTERM, _terminated)
    module = import_module(f"lsp_experts.cli.{options.pop('module')}")
    try:
        return int(module.run(**options))
    except ExpertsError as error:
        print(f"lsp-experts: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lsp-experts: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader of a pipe (head, less) has seen enough
        return 0
