"""What a process gives up before it reads what it must not lose: core dumps; the engine the network too.

A model file is untrusted input to C code. If that code is ever taken over, what it has read of the user's code cannot
leave by a socket: Linux's seccomp refuses to open one of the internet's families, in every thread.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from contextlib import suppress

# linux/audit.h and the system call tables: architecture, seccomp, socket, first number of x32 (0: none).
_CALLS = {"x86_64": (0xC000003E, 317, 41, 0x40000000), "aarch64": (0xC00000B7, 277, 198, 0)}
_IO_URING_SETUP = 425  # on every architecture; a ring opens sockets past the filter
_AF_UNIX, _AF_NETLINK = 1, 16  # GPU drivers speak by these with their own services on this machine
_PR_SET_NO_NEW_PRIVS, _SET_MODE_FILTER, _FLAG_TSYNC = 38, 1, 1
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # linux/bpf_common.h: BPF_LD|W|ABS, BPF_JMP|…, BPF_RET
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little-endian


def no_core_dumps() -> None:
    """A core dump would hold the user's code."""
    with suppress(ImportError, ValueError, OSError):  # Windows has none
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def no_network() -> bool:
    """Refuse sockets but local ones from now on; whether the kernel does. False on other systems than Linux."""
    known = _CALLS.get(platform.machine()) if sys.platform == "linux" else None
    if known is None or sys.byteorder != "little":
        return False
    architecture, seccomp, socket, x32 = known
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    code = _program(architecture, socket, x32)
    held = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(held))  # struct sock_fprog
    # With TSYNC: threads that a library has started already get the filter too.
    return int(libc.syscall(seccomp, _SET_MODE_FILTER, _FLAG_TSYNC, program)) == 0


def _program(architecture: int, socket: int, x32: int) -> bytes:
    """The filter for one architecture. Jumps count instructions from the next one: if true, if not."""
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, 7, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 5, 0, x32 or 0xFFFFFFFF),
        (_EQUAL, 4, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 4, socket),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 2, 0, _AF_UNIX),
        (_EQUAL, 1, 0, _AF_NETLINK),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)
