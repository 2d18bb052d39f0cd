"""PostgreSQL and other programs on this machine."""
