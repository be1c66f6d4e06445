"""Finding and ending the processes of one instance, even without their parents; and their limit of open files.

Every process of an instance has the instance's directory in its environment and is found by that, so a process number
that the system has reused meanwhile is never touched.
"""

import resource

import psutil

MARK = "CALLCENTER_STACK_INSTANCE"
OPEN_FILES = 65536


def marked(directory: str) -> list[psutil.Process]:
    """The running processes of the instance at `directory`, without the calling one and its parents."""
    own = {process.pid for process in (psutil.Process(), *psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid not in own and process.environ().get(MARK) == directory:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def end(processes: list[psutil.Process], *, grace_s: float = 10.0) -> list[psutil.Process]:
    """Send SIGTERM, then SIGKILL; return the processes that still run (none, unless the kernel hangs)."""
    for process in processes:
        _signal(process, kill=False)
    _, left = psutil.wait_procs(processes, timeout=grace_s)
    for process in left:
        _signal(process, kill=True)
    return psutil.wait_procs(left, timeout=5)[1]


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        pass


def allow_open_files() -> int:
    """Raise the limit of open files, which children inherit, as far as permitted and useful, and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= OPEN_FILES:
        return OPEN_FILES
    try:
        wider = hard if hard == resource.RLIM_INFINITY else max(hard, OPEN_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, wider))
    except (ValueError, OSError):  # only root may raise the upper limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
