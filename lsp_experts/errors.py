"""The one exception tree. Every message says what happened, where, and what the user can do.

ExpertsError
├── RegistryError        a registry file is wrong: `file`, `json_path`
├── UnknownExpert        no registry entry has this id
├── SourceError          one source could not deliver a model file
├── PullError            every source of an expert failed, each with its reason
├── StoreError           the store could not keep or find a file
│   ├── NotInstalled     the expert was never pulled or carved
│   └── ModelRejected    a file is there, and is not the model it should be
├── EngineError          the engine refused a request: `code`
│   ├── EngineDied       the engine process ended: `signal_name`, `tail`
│   └── RemoteFailed     a remote expert did not answer as it should: `reason`, `retry_after_s`
├── ActionRefused        a code action or a task cannot give what was asked for
├── BudgetExceeded       an expert does not fit into the memory budget
├── CarveError           a base could not be cut
├── AdaptError           an adapter could not be trained
└── UsageError           a command was called with something it cannot use
"""

from __future__ import annotations

from pathlib import Path


class ExpertsError(Exception):
    """Base of all errors that are shown to a user: `message` and, where there is one, `remedy`."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class RegistryError(ExpertsError):
    """A registry file is not what the schema asks for, at `json_path` of `file`."""

    def __init__(self, file: Path | str, json_path: str, problem: str, *, remedy: str = "") -> None:
        super().__init__(f"{file}: at {json_path}: {problem}.", remedy=remedy)
        self.file = Path(file)
        self.json_path = json_path


class UnknownExpert(ExpertsError):
    """No registry entry has the id that was asked for."""


class SourceError(ExpertsError):
    """One source could not deliver the file; the next source may."""


class PullError(ExpertsError):
    """Every source of an expert failed; the message lists each with its reason."""


class StoreError(ExpertsError):
    """The store could not write, read or find a file."""


class NotInstalled(StoreError):
    """The expert is in the registry, and its file is not in the store."""


class ModelRejected(StoreError):
    """A file is not the model it claims to be (size, hash, not a regular file)."""


class EngineError(ExpertsError):
    """The engine refused a request; `code` is one of protocol.ERROR_CODES."""

    def __init__(self, code: str, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class EngineDied(EngineError):
    """The engine process ended while a request was open; `tail` holds its last stderr lines."""

    def __init__(self, signal_name: str, tail: str = "") -> None:
        super().__init__("died", f"the engine ended ({signal_name})")
        self.signal_name = signal_name
        self.tail = tail


class RemoteFailed(EngineError):
    """A remote expert did not answer as it should.

    `reason` is one of "unreachable", "untrusted" (TLS), "key refused", "not found", "too many requests", "server
    error", "not an answer", "too much", "too late". `retry_after_s`: how long the host asked to be left alone, 0.0: it
    did not say.
    """

    def __init__(self, reason: str, message: str, *, remedy: str = "", retry_after_s: float = 0.0) -> None:
        super().__init__("remote", message, remedy=remedy)
        self.reason = reason
        self.retry_after_s = retry_after_s


class ActionRefused(ExpertsError):
    """A code action, a task or a review cannot give what was asked for; nothing was changed."""


class BudgetExceeded(ExpertsError):
    """An expert does not fit into the memory budget, whatever else is put out."""


class CarveError(ExpertsError):
    """A base could not be cut, or the carved file failed its check."""


class AdaptError(ExpertsError):
    """An adapter could not be trained over a base, or is not worth installing."""


class UsageError(ExpertsError):
    """A command was called with a value it cannot use."""
