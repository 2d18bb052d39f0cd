"""The API about itself."""

from collections.abc import Mapping

from dev.generators.openapi_operations.operation import OPEN, Operation

OPERATIONS: Mapping[str, Operation] = {
    "GET /health": Operation(
        "getHealth",
        "System",
        "Asks the database for its clock and the version of its schema.",
        OPEN,
        {200: "It works."},
    ),
    "GET /openapi.json": Operation(
        "getSpecification",
        "System",
        "This description.",
        OPEN,
        {200: "An OpenAPI 3.1 document."},
        media="application/json",
    ),
    "GET /docs": Operation(
        "getDocs",
        "System",
        "This description as a page for people.",
        OPEN,
        {200: "A page."},
        media="text/html",
    ),
}
