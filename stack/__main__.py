"""`python -m stack`: the local stack and the load tool by command."""

import argparse
import os
import sys
from pathlib import Path

from callcenter.errors import SpeechError
from callcenter.settings import load_settings
from stack import bench, chaos, demo, listen, scenarios, schema, sizes
from stack.accidents import drill
from stack.errors import StackError
from stack.instance import Instance
from stack.parts import ROOT

STACK = ROOT / "var" / "stack"


def main() -> int:
    """Run one command and return the exit status."""
    options = _parser().parse_args()
    try:
        empty = getattr(options, "empty", False)
        return _run(Instance(options.directory, empty=empty), options)
    except (StackError, SpeechError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(instance: Instance, options: argparse.Namespace) -> int:
    match options.command:
        case "up":
            instance.up()
        case "down":
            print(f"ended {instance.down()} processes")
        case "demo":
            return demo.run(instance)
        case "surge":
            stack = instance.description()
            if stack is None:
                raise StackError("the stack is not up; `make up` starts it")
            return scenarios.run(stack, options)
        case "bench":
            return bench.run(instance.up())
        case "chaos":
            return chaos.run(instance.up(), options)
        case "accidents":
            return drill.run(options.directory.with_name(f"{options.directory.name}-accidents"), options)
        case "listen":
            return listen.run()
        case "schema":
            schema.write()
        case "sizes":
            return sizes.run()
        case "record-ami":
            os.environ["CALLCENTER_ENV_FILE"] = str(instance.env_file)
            return bench.record(load_settings().ami)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    parser.add_argument("--directory", type=Path, default=STACK, help="of the instance (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the stack in the background and return when it is ready")
    up.add_argument("--empty", action="store_true", help="without the demonstration's data: prints where to begin")
    commands.add_parser("down", help="end everything that `up` started")
    commands.add_parser("listen", help="write what callers of the demo hear as WAV files into var/listen")
    commands.add_parser("demo", help="start the stack, send it a surge, leave it up until Ctrl-C")
    scenarios.add_options(
        commands.add_parser("surge", help="send callers to the running stack and check the outcome of each")
    )
    commands.add_parser("bench", help="measure event throughput and pages, print a table, write var/bench.json")
    chaos.add_options(
        commands.add_parser("chaos", help="a surge with kills of uploader, node and store; all recordings must be kept")
    )
    drill.add_options(
        commands.add_parser("accidents", help="what happens to operators' browsers in a talk, on a stack of its own")
    )
    commands.add_parser("schema", help="write storage/schema.sql from a freshly migrated database")
    commands.add_parser("sizes", help="print how large the operator's page is, packed, without and with JsSIP")
    commands.add_parser("record-ami", help="record the AMI session that `bench` reads, during a surge")
    return parser


if __name__ == "__main__":
    sys.exit(main())
