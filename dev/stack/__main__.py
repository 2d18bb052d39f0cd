"""`python -m dev.stack`."""

import sys

from dev.stack.command import main

if __name__ == "__main__":
    sys.exit(main())
