"""A stateful double of the parts of Stripe that take payments, driven by the real SDK.

from dev.stripe_double.double import Double          the core: the API, requests in, responses out
from dev.stripe_double.server import running         the same over HTTP, in a thread
from dev.stripe_double.sdk_client import DoubleClient   the SDK without sockets
python -m dev.stripe_double                          as a process
"""
