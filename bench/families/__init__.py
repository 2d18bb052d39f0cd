"""The contestants, a module per question. Each module has `lines(server, rounds)`."""
