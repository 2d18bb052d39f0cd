"""The local stack: `python -m dev.stack`."""
