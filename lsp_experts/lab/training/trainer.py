"""Training a LoRA adapter: AdamW on the loss of examples, in steps that can be stopped and gone on with.

LoRA as in arXiv 2106.09685 (A random, B zero, alpha / rank); the learning rate warms up and falls as a cosine.
"""

from __future__ import annotations

import functools
import hashlib
import io
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from lsp_experts.engine.cores import physical_cores
from lsp_experts.lab.gguf_file import GgufFile
from lsp_experts.lab.training.adapter_file import read_adapter, write_adapter
from lsp_experts.lab.training.fim_examples import Example
from lsp_experts.lab.training.forward import AdaptedModel
from lsp_experts.lab.training.model_weights import Shape, read_shape, weights

_BATCH_EXAMPLES = 4
_WARM_UP = 0.05  # of the whole
_LEAST_RATE = 0.1  # of the learning rate, at the end
_CLIP = 1.0
_SAVE_EVERY_S = 60.0
_FLOAT_BYTES = 4
_ACTIVATIONS = 9  # tensors of the inner width that a layer keeps for its gradient, seen on 0.5B and 135M


@dataclass(frozen=True)
class TrainOrder:
    """What to train. It ends after `tokens` or `minutes`, whichever comes first; `start`: an adapter to go on from."""

    base: Path
    tokens: int
    minutes: float = math.inf
    rank: int = 16
    alpha: float = 32.0
    learning_rate: float = 5e-4
    length: int = 512  # tokens of the longest example
    seed: int = 7
    device: str = "auto"
    start: Path | None = None


@dataclass(frozen=True)
class Step:
    """One step's figures; `loss` is the mean of its tokens, in nats."""

    number: int
    tokens: int  # trained on so far
    elapsed_s: float  # of training, resumed runs included
    share: float  # of the whole, 0 to 1
    loss: float


@dataclass(frozen=True)
class Trained:
    """A training that ended, or was stopped: then `finished` is False and the checkpoint has all of it."""

    finished: bool
    steps: int
    tokens: int
    elapsed_s: float
    loss_before: float  # of the held-out examples, nats per token
    loss_after: float


def memory_bytes(shape: Shape, order: TrainOrder) -> int:
    """About how much memory training takes: weights and one example's activations and logits as 32 bit floats."""
    linear = sum(n_in * n_out for n_in, n_out in shape.linear.values())
    adapter = sum(order.rank * (n_in + n_out) for n_in, n_out in shape.linear.values())
    tables = shape.tokens * shape.width * (1 if shape.tied else 2)
    held = shape.layers * (linear + 4 * adapter) + tables  # an adapter's weights, gradients and two moments
    activations = order.length * (shape.layers * _ACTIVATIONS * shape.inner + 3 * shape.tokens)
    return _FLOAT_BYTES * (held + activations)


def train(
    order: TrainOrder,
    examples: Sequence[Example],
    held_out: Sequence[Example],
    checkpoint: Path,
    adapter: Path,
    on_step: Callable[[Step], None],
    stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Trained:
    """Train and write the adapter to `adapter` once it is finished; goes on from `checkpoint` if that is of this order.

    `checkpoint` is written every minute, at the end, where `stop()` says so and at Ctrl-C, which is raised again.
    AdaptError for a base that cannot be trained; OSError if the disk refuses.
    """
    torch.set_num_threads(physical_cores())
    run = _Run(order, examples, checkpoint, clock)
    before = run.loss(held_out) if not run.loss_before else run.loss_before
    run.loss_before = before
    try:
        for step in run.steps():
            on_step(step)
            if stop():
                break
    except KeyboardInterrupt:
        run.save()
        raise
    run.save()
    after = run.loss(held_out)
    if run.finished:
        write_adapter(adapter, run.shape.architecture, order.alpha, run.pairs())
    return Trained(run.finished, run.step, run.tokens, run.elapsed_s(), before, after)


class _Run:
    """The state of one training."""

    def __init__(
        self, order: TrainOrder, examples: Sequence[Example], checkpoint: Path, clock: Callable[[], float]
    ) -> None:
        self._order, self._examples, self._checkpoint, self._clock = order, examples, checkpoint, clock
        self.step = self.tokens = 0
        self.loss_before = 0.0
        self._identity = _identity(order, examples)
        self._earlier_s = 0.0
        self._started = clock()
        torch.manual_seed(order.seed)
        device = torch.device(_device(order.device))
        with GgufFile(order.base) as file:
            self.shape = read_shape(file)
            held = {name: _placed(name, values, device) for name, values in weights(file)}
        self._model = AdaptedModel(self.shape, held, order.rank, order.alpha)
        self._device = device
        if order.start is not None:
            self._begin_from(order.start)
        self._optimizer = torch.optim.AdamW(self._model.parameters(), order.learning_rate, weight_decay=0.0)
        self._resume()

    # -- training -----------------------------------------------------------------------------------------------------

    def steps(self) -> Iterator[Step]:
        """Train step by step, to the end; saves every minute."""
        saved = self._started = self._clock()  # to read the base and look at the held-out texts is no training
        while not self.finished:
            loss = self._train_batch()
            if self._clock() - saved > _SAVE_EVERY_S:
                self.save()
                saved = self._clock()
            yield Step(self.step, self.tokens, self.elapsed_s(), self._share(), loss)

    def _train_batch(self) -> float:
        batch = [self._example(self.step * _BATCH_EXAMPLES + k) for k in range(_BATCH_EXAMPLES)]
        for group in self._optimizer.param_groups:
            group["lr"] = self._order.learning_rate * _rate(self._share())
        learnt = sum(sum(example.learnt[1:]) for example in batch)
        total = 0.0
        for example in batch:
            loss = self._summed_loss(example) / learnt
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), _CLIP)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += sum(len(example.tokens) for example in batch)
        return total

    def _example(self, number: int) -> Example:
        """Every example once, in a random order, before any comes again."""
        passes, place = divmod(number, len(self._examples))
        return self._examples[_shuffled(len(self._examples), self._order.seed + passes)[place]]

    def _summed_loss(self, example: Example) -> Tensor:
        tokens = torch.tensor(example.tokens, device=self._device)
        learnt = torch.tensor(example.learnt[1:], device=self._device)
        hidden = self._model(tokens)[:-1][learnt]
        return functional.cross_entropy(self._model.logits(hidden), tokens[1:][learnt], reduction="sum")

    @torch.no_grad()
    def loss(self, held_out: Sequence[Example]) -> float:
        """The mean loss of examples that are not trained on, in nats per token; 0 for none."""
        learnt = sum(sum(example.learnt[1:]) for example in held_out)
        return sum(float(self._summed_loss(example)) for example in held_out) / learnt if learnt else 0.0

    def _share(self) -> float:
        return min(1.0, max(self.tokens / self._order.tokens, self.elapsed_s() / (60 * self._order.minutes)))

    @property
    def finished(self) -> bool:
        """Whether the tokens or the time of the order are used up."""
        return self._share() >= 1.0

    def elapsed_s(self) -> float:
        """Seconds of training, earlier runs included."""
        return self._earlier_s + self._clock() - self._started

    # -- what is kept -------------------------------------------------------------------------------------------------

    def pairs(self) -> dict[str, tuple[Any, Any]]:
        """The adapter's weights as arrays, by the GGUF name of what they change."""
        return {
            _weight_name(key): (lora.a.detach().float().cpu().numpy(), lora.b.detach().float().cpu().numpy())
            for key, lora in self._model.pieces.items()
        }

    def save(self) -> None:
        """Write the checkpoint; the old one stands until the new one is whole."""
        self._checkpoint.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._checkpoint.with_suffix(".part")
        whole = io.BytesIO()  # of a disk that refuses, torch says RuntimeError
        torch.save(
            {
                "order": self._identity,
                "adapter": self._model.state_dict(),
                "optimizer": self._optimizer.state_dict(),
                "step": self.step,
                "tokens": self.tokens,
                "elapsed_s": self.elapsed_s(),
                "loss_before": self.loss_before,
            },
            whole,
        )
        try:
            unfinished.write_bytes(whole.getbuffer())
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        unfinished.replace(self._checkpoint)

    def _resume(self) -> None:
        kept = _kept(self._checkpoint, self._device)
        if kept.get("order") != self._identity:
            return
        self._model.load_state_dict(kept["adapter"])
        self._optimizer.load_state_dict(kept["optimizer"])
        self.step, self.tokens = kept["step"], kept["tokens"]
        self._earlier_s, self.loss_before = kept["elapsed_s"], kept["loss_before"]

    def _begin_from(self, start: Path) -> None:
        alpha, pairs = read_adapter(start)
        scale = alpha / self._order.alpha  # what it added, with the alpha of this order
        with torch.no_grad():
            for key, lora in self._model.pieces.items():
                a, b = pairs[_weight_name(key)]
                lora.a.copy_(torch.from_numpy(a))
                lora.b.copy_(torch.from_numpy(b * scale))


def _identity(order: TrainOrder, examples: Sequence[Example]) -> str:
    """What a checkpoint must have been made for: the order but for its end, and the examples."""
    plain = asdict(order) | {"base": order.base.name, "tokens": 0, "minutes": 0}
    digest = hashlib.sha256(repr(sorted((key, str(value)) for key, value in plain.items())).encode())
    for example in examples:
        digest.update(repr(example.tokens).encode())
    return digest.hexdigest()


def _kept(checkpoint: Path, device: torch.device) -> dict[str, Any]:
    """What a checkpoint holds; nothing where there is none that can be read."""
    try:
        kept: object = torch.load(checkpoint, map_location=device, weights_only=True)
    except Exception:  # of a damaged file torch raises whatever its readers stumble over
        return {}
    return kept if isinstance(kept, dict) else {}


@functools.lru_cache(maxsize=1)  # one pass over the examples at a time
def _shuffled(count: int, seed: int) -> tuple[int, ...]:
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return tuple(order)


def _weight_name(key: str) -> str:
    layer, _, name = key.partition("-")
    return f"blk.{layer}.{name}.weight"


def _rate(share: float) -> float:
    """The learning rate at a share of the whole, as a share of the highest."""
    if share < _WARM_UP:
        return max(share / _WARM_UP, 0.05)
    falling = 0.5 * (1 + math.cos(math.pi * (share - _WARM_UP) / (1 - _WARM_UP)))
    return _LEAST_RATE + (1 - _LEAST_RATE) * falling


def _device(wanted: str) -> str:
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


def _placed(name: str, values: Any, device: torch.device) -> Tensor:
    """Half the bytes on a GPU, which computes with them; norms and biases stay exact on a CPU."""
    tensor = torch.from_numpy(values)
    return tensor.to(device, torch.bfloat16 if device.type == "cuda" else torch.float32)
