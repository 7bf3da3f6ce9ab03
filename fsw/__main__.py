"""`python -m fsw run|supervise`."""

import sys

from fsw.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
