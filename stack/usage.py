"""What a part of the stack costs: processor time and memory of its process and what that starts."""

import psutil

from stack.supervisor import Supervisor


class Usage:
    """Samples of one program of a supervisor; it may be restarted meanwhile."""

    def __init__(self, supervisor: Supervisor, program: str) -> None:
        self._supervisor = supervisor
        self._program = program
        self._root: psutil.Process | None = None
        self._first: dict[int, float] = {}
        self._latest: dict[int, float] = {}
        self.rss_mb = 0.0
        self.sample()

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time between the first sample and the latest."""
        return sum(self._latest.values()) - sum(self._first.values())

    def sample(self) -> None:
        """Take a sample. `rss_mb` is the greatest value seen, in MiB."""
        fresh = not self._latest
        try:
            family = self._family()
            rss = 0
            for process in family:
                times = process.cpu_times()
                used = times.user + times.system
                # A process started after the first sample counts from its own start.
                self._first.setdefault(process.pid, used if fresh else 0.0)
                self._latest[process.pid] = used
                rss += process.memory_info().rss
            self.rss_mb = max(self.rss_mb, rss / 2**20)
        except psutil.NoSuchProcess:
            self._root = None

    def _family(self) -> list[psutil.Process]:
        if self._root is None or not self._root.is_running():
            pid = self._supervisor.pids().get(self._program)
            self._root = psutil.Process(pid) if pid else None
        return [self._root, *self._root.children(recursive=True)] if self._root else []
