"""A line that says how far a long command is."""

import sys
import time
from collections.abc import Callable


class ProgressLine:
    """A line of progress: in place on a terminal, else a new one every five seconds."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._every = 0.25 if self._live else 5.0
        self._next = time.monotonic() + self._every
        self._shown = ""

    def show(self, tell: Callable[[], str]) -> None:
        """Show the text if it is due and has changed."""
        if time.monotonic() >= self._next and (text := tell()) != self._shown:
            self._next, self._shown = time.monotonic() + self._every, text
            print(f"\r\033[K{text}" if self._live else text, end="" if self._live else "\n", flush=True)

    def end(self, text: str) -> None:
        """Show the last text and keep it on the terminal."""
        print(f"\r\033[K{text}" if self._live else text, flush=True)

    def say(self, text: str) -> None:
        """Show a line of its own; the progress goes on below it."""
        self.end(text)
        self._shown = ""
