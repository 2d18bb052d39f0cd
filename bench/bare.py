"""A minimal server: `python -m bench.bare URL CLIENTS SECONDS`.

Two processes accept on one socket; each connection of a client has a thread and a database
connection of its own. Clients send real HTTP over keep-alive connections from two more processes.
Prints the latencies in ms.
"""

import json
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from typing import Any

import psycopg

from bench.client import hold

_PROCESSES = 2


def _serve(listening: socket.socket, url: str) -> None:
    while True:
        accepted, _ = listening.accept()
        threading.Thread(target=_answer, args=(accepted, url), daemon=True).start()


def _answer(accepted: socket.socket, url: str) -> None:
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        reader = accepted.makefile("rb")
        while reader.readline():
            length = 0
            while (line := reader.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            asked = json.loads(reader.read(length))
            held = hold(connection, asked["client"], asked["number"])
            body = json.dumps({"held": held}).encode()
            accepted.sendall(
                b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n"
                b"content-length: %d\r\n\r\n" % len(body) + body
            )


def _ask(port: int, clients: range, seconds: float, tell: Any) -> None:
    latencies: list[float] = []

    def run(client: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as sent:
            sent.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number, end = 0, float("inf")
            while (began := time.perf_counter()) < end:
                body = json.dumps({"client": client, "number": number}).encode()
                sent.sendall(
                    b"POST /v1/holds HTTP/1.1\r\nhost: bench\r\ncontent-length: %d\r\n\r\n"
                    % len(body)
                    + body
                )
                sent.recv(65536)
                if number == 0:  # connects the server to its database
                    end = time.perf_counter() + seconds
                else:
                    latencies.append((time.perf_counter() - began) * 1000)
                number += 1

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell.put(latencies)


def main() -> None:
    url, clients, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    context = multiprocessing.get_context("fork")
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    servers = [context.Process(target=_serve, args=(listening, url)) for _ in range(_PROCESSES)]
    for server in servers:
        server.start()
    tell: Any = context.Queue()
    port = listening.getsockname()[1]
    shares = [range(n, clients, _PROCESSES) for n in range(_PROCESSES)]
    askers = [context.Process(target=_ask, args=(port, share, seconds, tell)) for share in shares]
    for asker in askers:
        asker.start()
    told = [each for _ in askers for each in tell.get(timeout=60)]
    for server in servers:
        if server.pid is not None:
            os.kill(server.pid, signal.SIGTERM)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
