"""Schemathesis against a running interface."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOOKS = "tests.api.contract_hooks"


@dataclass(frozen=True)
class Verdict:
    """The result. `said` is the whole report."""

    passed: bool
    said: str


async def judge(document: str, token: str, folder: Path, *options: str) -> Verdict:
    """Try the interface that the document, an address or a file, describes, with all default checks.

    `folder`: where Schemathesis may leave its files.
    """
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", document]
    command += ["--header", f"Authorization: Bearer {token}", "--workers", "1", "--seed", "354", "--no-color", *options]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder, env=environment
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Verdict(process.returncode == 0, said.decode())
