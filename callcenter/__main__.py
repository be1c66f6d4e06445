"""`python -m callcenter`."""

import sys

from callcenter.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
