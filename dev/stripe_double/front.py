"""Everything that the double answers: the API, the payment pages, and the controls of tests."""

from dev.stripe_double import control, pages
from dev.stripe_double.double import Double
from dev.stripe_double.messages import Request, Response


def answer(double: Double, request: Request) -> Response:
    """Answer a request by its path. Raises ConnectionLost when no answer may arrive."""
    if request.route.startswith("/pay/"):
        return pages.answer(double, request)
    if request.route.startswith("/_double/"):
        return control.answer(double, request)
    return double.handle(request)
