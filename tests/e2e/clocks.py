"""A stack whose clocks can be set while it runs: of Asterisk, of the service, of PostgreSQL."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

from stack.instance import Instance
from stack.parts import NOBODY, Place
from stack.supervisor import Program

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), Path("/no-libfaketime"))
PARTS = ("asterisk", "callcenter", "postgres")


def variables(library: Path, file: Path) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        # The clock that nobody sets.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }


class ClockedInstance(Instance):
    """`set_clock` makes the clock of a part jump."""

    def set_clock(self, part: str, seconds: int) -> None:
        """That many seconds ahead of the true time; below zero: behind."""
        file = self._files()[part]
        fresh = file.with_name(f"{file.name}.new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.chmod(0o644)
        os.replace(fresh, file)

    def _files(self) -> dict[str, Path]:
        return {
            "asterisk": self.directory / "asterisk" / "lib" / "clock",
            "callcenter": self.directory / "clock",
            "postgres": self.directory / "postgres" / "clock",
        }

    def _programs(self, place: Place, own: set[str]) -> list[Program]:
        programs = super()._programs(place, own)
        files = self._files()
        for part in PARTS:
            files[part].parent.mkdir(parents=True, exist_ok=True)
            self.set_clock(part, 0)
        os.chown(files["postgres"], NOBODY, NOBODY)
        # Asterisk sees neither this machine's libraries nor its variables.
        inside = files["asterisk"].with_name(LIBRARY.name)
        shutil.copy(LIBRARY, inside)
        seen = Path("/var/lib/asterisk")
        given = variables(seen / inside.name, seen / files["asterisk"].name)
        lines = (f"{name}={value}\n" for name, value in given.items())
        (self.directory / "asterisk" / "environment").write_text("".join(lines))
        preloaded = {
            "callcenter": variables(LIBRARY, files["callcenter"]),
            "postgres": variables(LIBRARY, Path("/mnt/data") / files["postgres"].name),
        }
        # For PostgreSQL itself, and not for what starts it as root.
        preloaded["postgres"]["POSTGRES_PRELOAD"] = preloaded["postgres"].pop("LD_PRELOAD")
        return [replace(each, environment={**each.environment, **preloaded.get(each.name, {})}) for each in programs]
