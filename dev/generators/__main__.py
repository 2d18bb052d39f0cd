"""`python -m dev.generators`."""

import sys

from dev.generators.generate import main

if __name__ == "__main__":
    sys.exit(main())
