"""Run the double as a process: `python -m dev.stripe_double --port 12111 --data stripe.db`."""

import argparse
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from dev.stripe_double.deliverer import Deliverer
from dev.stripe_double.double import Double
from dev.stripe_double.server import Server
from dev.stripe_double.storage import Storage


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m dev.stripe_double", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--data", default=":memory:", help="SQLite file; in memory by default")
    parser.add_argument("--public-url", help="where browsers reach this; default: host and port")
    parser.add_argument("--webhook-url", help="send all events there")
    parser.add_argument("--webhook-secret", help="sign them with this (whsec_…)")
    parser.add_argument("--api-key", action="append", help="accept only this key; repeatable")
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="exit when standard input ends"
    )
    chosen = parser.parse_args()
    if bool(chosen.webhook_url) != bool(chosen.webhook_secret):
        parser.error("--webhook-url and --webhook-secret go together")
    return chosen


def main() -> None:
    """Serve until interrupted, terminated, or (if asked) until standard input ends."""
    chosen = arguments()
    if chosen.data != ":memory:":
        Path(chosen.data).resolve().parent.mkdir(parents=True, exist_ok=True)
    double = Double(Storage(chosen.data), api_keys=chosen.api_key)
    if chosen.webhook_url:
        double.register_command_line_endpoint(chosen.webhook_url, chosen.webhook_secret)
    server = Server(double, chosen.host, chosen.port)
    address = f"http://{chosen.host}:{server.server_address[1]}"
    double.public_url = (chosen.public_url or address).rstrip("/")
    deliverer = Deliverer(double)
    deliverer.start()
    _stop_on_signals(server)
    if chosen.exit_with_parent:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    print(f"Stripe double at {address}", flush=True)
    server.serve_forever(0.1)
    server.server_close()
    deliverer.stop()
    double.close()


def _stop_on_signals(server: Server) -> None:
    """End the serving loop; from another thread, since it would wait for itself."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _stop_at_end_of_input(server: Server) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    server.shutdown()


if __name__ == "__main__":
    main()
