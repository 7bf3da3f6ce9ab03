"""`python -m fsw run|supervise`."""

import faulthandler
import sys

from fsw.main import main, until_signalled

if __name__ == "__main__":
    faulthandler.enable()  # a process that missed its watchdog is sent SIGABRT: it says where it hung
    sys.exit(main(sys.argv[1:], until_signalled()))
