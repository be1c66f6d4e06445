"""What the program starts does not outlive it when it is killed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60.0
KINDS = {
    "a voice": "from callcenter.speech.programs import run; asyncio.run(run(['sleep', '600'], 600))",
    "a worker that waits": "from callcenter.recordings.workers import IdlePool; pool = IdlePool(1)\n"
    "async def work(): await pool.run(print); await asyncio.sleep(600)\n"
    "if __name__ == '__main__': asyncio.run(work())",
    "a worker with ffmpeg": "from callcenter.recordings.workers import IdlePool; from callcenter.recordings import transcode\n"
    "async def work(): await IdlePool(1).run(transcode._ffmpeg, ['600'], 600.0)\n"
    "if __name__ == '__main__': asyncio.run(work())",
    "a reader of sheets": "from callcenter.common import sheet_reader; from callcenter.common.sheet_process import SheetLimits, SheetWish\n"
    "async def work():\n"
    "    async with sheet_reader._process('tests.sleeping_reader', SheetLimits()) as process:\n"
    "        process.stdin.write(SheetWish().told()); process.stdin.close(); await process.wait()\n"
    "asyncio.run(work())",
}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_of_a_program_that_is_killed(kind: str, tmp_path: Path) -> None:
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\nexec sleep 600\n")
    fake.chmod(0o755)
    script = tmp_path / "program.py"
    script.write_text(f"import asyncio\n{KINDS[kind]}\n")
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, str(script)], env=environment, cwd=ROOT)
    try:
        us = psutil.Process(parent.pid)
        deadline = time.monotonic() + PATIENCE_S
        while not (started := [each for each in us.children(recursive=True) if asleep(each, kind)]):
            assert parent.poll() is None
            assert time.monotonic() < deadline, "it has started nothing"
            time.sleep(0.05)
        everything = us.children(recursive=True)
        assert started
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    _, left = psutil.wait_procs(everything, timeout=PATIENCE_S)
    for process in left:
        process.kill()
    assert left == []


def asleep(process: psutil.Process, kind: str) -> bool:
    """Whether this is the process that would be left, and has come as far as waiting."""
    try:
        command = " ".join(process.cmdline())
        waits = process.status() == psutil.STATUS_SLEEPING
    except psutil.Error:
        return False
    wanted = {"a worker that waits": "spawn_main", "a reader of sheets": "tests.sleeping_reader"}.get(kind, "sleep 600")
    idle = kind != "a worker that waits" or _nice(process) == 19
    return wanted in command and "setpriv" not in command and "prlimit" not in command and waits and idle


def _nice(process: psutil.Process) -> int:
    try:
        return int(process.nice())
    except psutil.Error:
        return 0
