"""Which servers a function connects to, and as which user."""

from tests.mutations.guard import Guard, layer

_CERTIFICATES = "tests/unit/holdfast/test_certificates.py"
_SETTINGS = "tests/unit/holdfast/test_settings.py"
_MANAGED = "tests/managed"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "proven-server",
        "a database that is not on this machine proves its name",
        (layer("platform/certificates", '"sslmode": "verify-full"', '"sslmode": "require"'),),
        (f"{_CERTIFICATES}::test_every_other_server_must_prove_its_name",),
    ),
    Guard(
        "proven-server-anywhere",
        "also if loopback's name is elsewhere in the address",
        (layer("platform/certificates", "for host in hosts | named)", "for host in hosts)"),),
        (f"{_CERTIFICATES}::test_what_only_looks_like_loopback_is_not",),
    ),
    Guard(
        "own-login",
        "a function logs in as itself, whatever secret it is given",
        (
            layer(
                "platform/settings",
                'if role and urlsplit(secret.get("url", "")).username',
                "if role and role",
            ),
        ),
        (f"{_SETTINGS}::test_a_function_logs_in_only_as_itself",),
    ),
    Guard(
        "hashed-password",
        "no statement, and so no log, holds a password",
        (layer("migrations/logins", "sql.Literal(hashed)", "sql.Literal(password)"),),
        (f"{_MANAGED}/test_ordinary_owner.py::test_the_server_keeps_hashes_only",),
    ),
    Guard(
        "secret-read-again",
        "an environment that lives on learns a new password",
        (layer("platform/database", "settings().forget_database()", "pass"),),
        (f"{_MANAGED}/test_connections.py::test_a_new_password_is_learnt_by_living_environments",),
    ),
)
