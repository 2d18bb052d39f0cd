"""The rules of a row are in functions; what keeps such a function as good as a constraint's
text.
"""

from tests.mutations.guard import Guard, core, layer

_CONSTRAINTS = "tests/sql/test_constraints.py::test_a_constraint_refuses_what_violates_it"
_RUNNER = "tests/sql/test_migrations.py"
_STRUCTURE = "tests/structure/test_sound_rows.py"

GUARDS: tuple[Guard, ...] = (
    Guard(
        "rules-of-a-row",
        "a row that breaks a rule is refused",
        (core("sound_booking", "if v_broken is not null then", "if false then"),),
        (f"{_CONSTRAINTS}[bookings_amount_in_range]",),
    ),
    Guard(
        "names-of-rules",
        "a refusal names the rule, so that it is not taken for a fault of ours",
        (core("sound_customer", "constraint = v_broken", "constraint = 'customers_sound'"),),
        (f"{_CONSTRAINTS}[customers_phone_is_e164]",),
    ),
    Guard(
        "rules-of-a-migration",
        "a rule changes in a migration, which has all rows examined, and not in a file alone",
        (core("sound_occupancy", "p_row.seat >= 1", "p_row.seat >= 0"),),
        (f"{_STRUCTURE}::test_a_function_changes_in_a_migration[sound_occupancy]",),
    ),
    Guard(
        "needed-functions",
        "a function that a constraint calls is not dropped because its file is gone",
        (
            layer(
                "migrations/objects",
                'f"drop {kind} if exists {name}"',
                'f"drop {kind} if exists {name} cascade"',
            ),
        ),
        (f"{_RUNNER}::test_a_function_that_a_constraint_calls_stays",),
    ),
    Guard(
        "functions-of-migrations",
        "a function goes with its file although an old migration made it",
        (
            layer(
                "migrations/runner",
                "for script in self._repeatable() for item in script.objects}",
                "for script in self.tree.values() for item in script.objects}",
            ),
        ),
        (f"{_RUNNER}::test_a_constraint_is_detached_by_a_migration",),
    ),
)
