"""Files written by programs: `python -m dev.generators`."""
