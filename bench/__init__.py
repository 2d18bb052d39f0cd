"""Benchmarks: how close Holdfast comes to the limit of its database, and how far ahead of the usual
way it is.

    figures.py   samples, lines, goals; ratios are taken round by round
    server.py    a durable server of its own, databases cloned for every sample
    world.py     what the databases hold
    drivers.py   pgbench, and processes of psycopg (client.py)
    families/    the contestants, a module per question
    results.py   what is kept of a run, in results/
    tables.py    what people read at once; document.py what stands in docs/performance.md
    pictures.py  what they look at; has an environment of its own, because of matplotlib
"""
