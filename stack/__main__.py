"""`python -m stack`: the local stack by command."""

import argparse
import sys
from pathlib import Path

from stack.errors import StackError
from stack.instance import Instance
from stack.parts import ROOT

STACK = ROOT / "var" / "stack"


def main() -> int:
    """Carry out one command and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m stack", description=__doc__)
    parser.add_argument("--directory", type=Path, default=STACK, help="of the instance (default: %(default)s)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start the stack in the background and return when it is ready")
    commands.add_parser("down", help="end everything that `up` started")
    options = parser.parse_args()
    instance = Instance(options.directory)
    try:
        if options.command == "up":
            instance.up()
        else:
            print(f"ended {instance.down()} processes")
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
