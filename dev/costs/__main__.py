"""`python -m dev.costs`."""

import sys

from dev.costs.bill import main

if __name__ == "__main__":
    sys.exit(main())
