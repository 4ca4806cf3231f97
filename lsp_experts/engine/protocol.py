"""The pipe between server and engine: version 5.

One JSON object per line, ASCII, at most MAX_LINE_BYTES. The server writes requests, the engine writes events.

Request: {"id": int, "op": OPERATIONS[i], ...fields of the request's dataclass}
Event:   {"id": int, "event": "done" | "piece" | "progress" | "error", ...}; one "done" or "error" ends a request.
         Both may carry "work": [tokens run through models since the start, of them tokens of prompts].
         The first line the engine writes is {"id": 0, "event": "hello", "protocol": 5, "build": {...}}.

op          request dataclass   events
load        Load                progress {"fraction"} ..., done = LoadReport (after a real decode of two tokens)
park        Target              done = MoveReport  save the KV cache, free the context, give mapped pages back; the
                                                   model stays. Cancels what runs on the expert, within 50 ms
unpark      Target              done = MoveReport  pages, context and KV cache again
evict       Evict               done = MoveReport  free everything but saved KV; cancels what runs on the expert
complete    Complete            piece {"text"} ..., done = CompleteReport
score       Score               done = ScoreReport   how likely texts are behind a prompt
logits      Logits              done {"logits": base64 of little-endian float32, "tokens": [int]}   (lab only)
tokenize    Tokenize            done {"tokens": [[int]...]}      (lab only)
activations Activations         progress {"fraction"} ..., done = ActivationsReport   (lab only)
quantize    Quantize            progress {"fraction"} ..., done = QuantizeReport      (lab only)
cancel      Cancel              done {}; the cancelled request ends with error "cancelled"
state       Empty               done = StateReport
ping        Empty               done {}            answered by the reader thread even while a decode runs
shutdown    Empty               the process exits 0

Invariants: ops on models run one at a time on one compute thread, in order of (priority, arrival);
cancel, state and ping never wait for it. Unknown fields are ignored, unknown ops get error "unknown_op".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

PROTOCOL_VERSION = 5
MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_SCORED_TOKENS = 65_536  # of all texts of a Score: about 5 MB of a report, which is one line
MAX_PROMPT_BYTES = 256 * 1024  # CVE-2025-52566: llama_tokenize overflowed on enormous texts

OPERATIONS = (
    "load", "park", "unpark", "evict", "complete", "score", "logits", "tokenize", "activations", "quantize", "cancel",
    "state", "ping", "shutdown",
)  # fmt: skip

ERROR_CODES = (
    "bad_request",   # a field is missing or out of range; nothing was touched
    "unknown_op",
    "unknown_expert",  # not loaded in this engine
    "load_failed",   # llama.cpp refused the file or its context
    "out_of_memory",  # the file is good, there was no memory for it
    "cancelled",
    "busy",          # too many waiting requests
    "decode_failed",
    "quantize_failed",  # llama.cpp gave up writing a file
    "died",          # made by the client: the process ended
    "remote",        # made by engine/remote: a remote expert did not answer as it should
)  # fmt: skip


@dataclass(frozen=True)
class Empty:
    """A request without fields."""


@dataclass(frozen=True)
class Target:
    """A request about one loaded expert."""

    expert: str


@dataclass(frozen=True)
class Evict:
    """Free a loaded expert. Saved KV outlives it, so that its next load decodes little again, unless `forget`."""

    expert: str
    forget: bool = False


@dataclass(frozen=True)
class Load:
    """Load `path` as `expert`. READY only after two tokens were really decoded.

    Experts with the same `path` (a base and its adapters) share one model in memory; each has a context of its own.
    KV that was saved under this expert and these files is restored.
    """

    expert: str
    path: str
    n_ctx: int = 2048
    n_threads: int = 1
    use_extra_bufts: bool = False  # repacked weights (AMX among them): faster on some CPUs, never shareable or parkable
    control_texts: tuple[
        str, ...
    ] = ()  # which of these spell exactly one control token? answered in LoadReport.controls
    adapter: str = ""  # path of a LoRA adapter (GGUF) over the model at `path`
    adapter_scale: float = 1.0
    n_gpu_layers: int = 0  # layers whose weights go to the GPU


@dataclass(frozen=True)
class Segment:
    """A stretch of a prompt. Control text may spell control tokens; user text never does."""

    text: str
    control: bool = False


@dataclass(frozen=True)
class Stop:
    """When a completion ends, besides end-of-generation and the context's end. See engine/stopping.py."""

    max_tokens: int = 64
    max_lines: int = 1  # 1: stop at the first newline; n: at the n-th
    texts: tuple[str, ...] = ()  # stop before any of these
    dedent_below: int = 0  # stop before a non-blank new line indented by fewer columns (0: off)
    rejoin: str = ""  # stop before a new line that equals this one (the line below the cursor)
    time_ms: int = 0  # 0: no limit; counted from the first generated token
    balance: bool = False  # stop before a closing bracket that neither the completion nor `owed` accounts for
    owed: str = ""  # closing brackets that are due at the cursor, innermost first: ")}"
    close_at: int = -1  # a new line indented by exactly so many columns that begins with a closer of its block (one of
    # `closers`) is kept and ends the completion (-1: off)
    closers: tuple[str, ...] = ()  # "}", "end", "fi", "</div>" ...
    repetition: bool = True  # stop where the text only repeats itself, and drop the repetition
    least_probability: float = 0.0  # stop as "unsure" once the product over the tokens of the line in the making falls
    # below it (0: never): a first line stays as far as it came, with its low probability; a later one is left out


@dataclass(frozen=True)
class Complete:
    """Complete a prompt of segments, greedily.

    `heal`: drop the last token of the last user-text segment and force the first pieces to spell it again.
    `max_tokens` 0 in `stop` only warms the KV cache.
    `partners`: other loaded experts whose vocabulary is the same; all read the prompt, and each next token is the
    likeliest by the mean of their probabilities. Another vocabulary is a "bad_request". Then there is one choice, and
    nothing is drafted.
    """

    expert: str
    segments: tuple[Segment, ...]
    heal: bool = True
    stop: Stop = field(default_factory=Stop)
    priority: int = 0  # smaller first: 0 a keystroke, 10 warming
    partners: tuple[str, ...] = ()
    choices: int = 1  # different completions, at most 3, decoded together: they part at the first token that shows
    # something, and with several none is empty where anything could be said
    gives_way: bool = False  # a more urgent request ends it: "gave way", with what was said so far (perhaps nothing).
    # Who asks again with that behind the prompt goes on where it stopped
    whole: bool = False  # a prompt that does not fit into the context is a "bad_request", instead of losing its head
    draft_tokens: int = 0  # at most 15, guessed from the prompt by n-grams and checked in one decode. The text stays
    # the same, but for ties: a decode of several tokens rounds the last bits of logits otherwise


@dataclass(frozen=True)
class Score:
    """How likely is each of `texts` (user text) behind the prompt of `segments`? Nothing is generated or trimmed.

    Texts that begin with the same tokens are decoded once as far as they agree. What is too long for the context, or
    over MAX_SCORED_TOKENS, is a "bad_request". A more urgent request ends it as "cancelled".
    """

    expert: str
    segments: tuple[Segment, ...]
    texts: tuple[str, ...]
    priority: int = 8


@dataclass(frozen=True)
class Logits:
    """The logits after the last token of the segments (lab)."""

    expert: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Tokenize:
    """Token ids of each text, as user text (lab)."""

    expert: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Activations:
    """How strongly texts, each a prompt of segments, excite what the weights of an expert read (lab).

    Each text is read by itself, by a context of its own that is made for this; the expert's KV cache stays. What is
    too long for it loses its head as a prompt does. A more urgent request ends it as "cancelled".
    """

    expert: str
    texts: tuple[tuple[Segment, ...], ...]
    priority: int = 9


@dataclass(frozen=True)
class Quantize:
    """Write the GGUF `source` to `target` with weights of another type, by llama_model_quantize (lab).

    Nothing need be loaded. llama.cpp cannot be stopped here: a cancel ends the call, and the engine takes up nothing
    else until the file is done; who cannot wait ends the process. A `target` of a failed or ended call is rubbish.
    """

    source: str
    target: str  # a name for the caller to rename; must not exist
    file_type: str  # as llama.cpp calls it: "F16", "Q8_0", "Q4_K_M", "IQ4_XS" ...
    imatrix: str = ""  # path of an importance matrix (GGUF): needed by the smallest types, good for all below 8 bits
    token_embedding_type: str = ""  # of this tensor, as ggml calls it: "Q8_0"; "": what `file_type` says
    output_type: str = ""
    allow_requantize: bool = False  # `source` may be quantised already: what it lost stays lost, and more is
    dry_run: bool = False  # check all, write nothing
    n_threads: int = 1
    priority: int = 9


@dataclass(frozen=True)
class Cancel:
    """Cancel request `target`.

    `keep_prefill`: the next request will share the prompt's head, so a prompt decode in progress may finish its
    chunk (its tokens stay in the KV cache); without it the decode is aborted within 50 ms.
    """

    target: int
    keep_prefill: bool = False


Request = Empty | Target | Evict | Load | Complete | Score | Logits | Tokenize | Activations | Quantize | Cancel


def priority_of(request: Request) -> int:
    """When the engine takes a waiting request, smaller first; what loads and frees experts goes before all others."""
    return request.priority if isinstance(request, Complete | Score | Activations | Quantize) else -1


@dataclass(frozen=True)
class LoadReport:
    """What a load gave: sizes in bytes, times in milliseconds."""

    file_bytes: int
    resident_bytes: int  # measured: growth of anonymous memory + the file's resident pages
    load_ms: float
    n_vocab: int
    n_ctx: int
    controls: tuple[str, ...] = ()  # those of Load.control_texts that are one control token here
    fim: tuple[str, str, str] | None = None  # texts of the FIM tokens llama.cpp found: prefix, suffix, middle
    architecture: str = ""
    file_type: str = ""
    weights_bytes: int = 0  # of resident_bytes, what is counted once where experts share a model: weights, vocabulary
    shared: bool = False  # the model was in memory already, another expert's
    kv_tokens: int = 0  # restored from KV that was saved before
    n_gpu_layers: int = 0
    device_bytes: int = 0  # GPU memory that the load took


@dataclass(frozen=True)
class MoveReport:
    """What parking, unparking or evicting did."""

    ms: float  # in the engine
    resident_bytes: int = 0  # what the expert holds afterwards, saved KV and (shared) weights included
    weights_bytes: int = 0  # of them, what is counted once where experts share a model
    kv_tokens: int = 0  # tokens whose KV was saved (park, evict) or restored (unpark)


StopReason = Literal[
    "end", "lines", "text", "dedent", "rejoin", "bracket", "block", "repetition", "unsure", "tokens", "time", "context",
    "unhealable", "warm", "gave way",
]  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One more completion of the same prompt; fields as in CompleteReport."""

    text: str
    stop: StopReason
    joint_probability: float
    line_probabilities: tuple[float, ...] = ()


@dataclass(frozen=True)
class CompleteReport:
    """A finished completion. `text` starts at the cursor: healed characters are not repeated in it."""

    text: str
    stop: StopReason
    prompt_tokens: int  # decoded for this request: new prompt tokens and forced ones that add no text
    cached_tokens: int  # prompt tokens that were in the KV cache already
    decoded_tokens: int  # generated, by all choices together
    first_token_ms: float
    total_ms: float
    joint_probability: float  # product of the probabilities of the tokens that spell `text`
    line_probabilities: tuple[float, ...] = ()  # of each line of `text`: the product over the tokens that begin in it,
    # the line break that ended it too
    others: tuple[Choice, ...] = ()  # the other choices, the likeliest first
    drafted_tokens: int = 0  # guessed
    accepted_tokens: int = 0  # of them, those that were right: so many decodes were saved


@dataclass(frozen=True)
class TextScore:
    """One text, token by token; all lists have one item per token, probabilities are natural logarithms."""

    starts: tuple[int, ...]  # code points of the text before the character that the token begins in
    log_probabilities: tuple[float, ...]
    best_log_probabilities: tuple[float, ...]  # of the likeliest token there
    entropies: tuple[float, ...]  # nats, of all that could have come there


@dataclass(frozen=True)
class ScoreReport:
    """The score of each text, in order; tokens as in CompleteReport."""

    scores: tuple[TextScore, ...]
    prompt_tokens: int  # decoded
    cached_tokens: int
    total_ms: float


@dataclass(frozen=True)
class ActivationsReport:
    """Sums over all tokens of all texts, one number per column, each list as base64 of little-endian float32.

    Keys are the weight that reads the input: "blk.0.attn_q" (attn_k and attn_v read the same), "blk.0.attn_output",
    "blk.0.ffn_gate" (and ffn_up), "blk.0.ffn_down", "output".
    """

    tokens: int
    squares: dict[str, str]  # sums of x * x
    magnitudes: dict[str, str]  # sums of |x|, of "blk.N.ffn_down" only
    total_ms: float


@dataclass(frozen=True)
class QuantizeReport:
    """What was written."""

    file_bytes: int  # of a dry run: of the tensors, the header (metadata, vocabulary) comes on top
    ms: float


@dataclass(frozen=True)
class ExpertState:
    """One loaded expert as the engine sees it."""

    expert: str
    parked: bool
    file_bytes: int
    resident_bytes: int  # weights that it shares and KV that it saved included
    kv_tokens: int  # in its KV cache, or saved for it while it is parked
    weights_bytes: int = 0  # of resident_bytes, what is counted once where experts share a model
    saved_kv_bytes: int = 0  # of resident_bytes, KV of its earlier anchors


@dataclass(frozen=True)
class Device:
    """A GPU as llama.cpp sees it; bytes of its memory."""

    name: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class StateReport:
    """Memory of the engine process: `resident_bytes` = anonymous + resident pages of mapped model files.

    `evicted_kv_bytes`: of them, saved KV of experts that are not loaded.
    """

    resident_bytes: int
    anonymous_bytes: int
    experts: tuple[ExpertState, ...] = ()
    waiting: int = 0
    evicted_kv_bytes: int = 0
    devices: tuple[Device, ...] = ()
