"""Children that do not outlive this program when it is killed: then nothing of it can end them."""

import ctypes
import os
import signal
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """From now on the kernel kills this process when the thread that started it ends. For the child itself, also
    between fork and exec, across which it lasts."""
    if _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def dying_with_parent(command: Sequence[str]) -> Sequence[str]:
    """The same command, which the kernel kills when the thread that starts it ends."""
    return ("setpriv", "--pdeathsig", "KILL", "--", *command)
