"""`python -m hal list|read|test`."""

import sys

from hal.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
