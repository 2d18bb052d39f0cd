"""What the booking page accepts from an address, from storage, and from a slow answer."""

from tests.mutations.guard import Edit, Guard

_HOSTILE = "tests/browser/test_hostile.py"
_DEVICE = "tests/browser/test_device.py"


def _web(module: str, old: str, new: str) -> Edit:
    return Edit(f"web/{module}.js", old, new)


GUARDS: tuple[Guard, ...] = (
    Guard(
        "own-hand-over",
        "the page accepts a booking from an address only if it has led here itself",
        (_web("booking/frame", "  if (!broughtByOurselves()) return null;\n", ""),),
        (f"{_HOSTILE}::test_a_strangers_hand_over_is_not_taken",),
    ),
    Guard(
        "ids-in-paths",
        "a malformed id is never put into a path",
        (
            _web(
                "shared/api",
                '  if (!ids.every(isId)) throw new Problem(404, { code: "not_found" });\n',
                "",
            ),
        ),
        (f"{_HOSTILE}::test_an_id_leads_nowhere_else",),
    ),
    Guard(
        "own-shop",
        "a deployment's own key comes before that of an address",
        (_web("shared/api", "[config.key, ...keys]", "[...keys, config.key]"),),
        (f"{_HOSTILE}::test_a_deployment_shows_its_own_shop",),
    ),
    Guard(
        "typed-is-forgotten",
        "typed text does not outlive the hold",
        (_web("booking/views/details", "    draft.clear();\n", ""),),
        (f"{_DEVICE}::test_nothing_that_was_typed_outlives_the_hold",),
    ),
    Guard(
        "last-page-wanted",
        "a slow answer does not draw over the days that were chosen last",
        (_web("booking/views/times", "live() && mine === drawn;", "live();"),),
        ("tests/browser/test_days.py::test_a_slow_answer_does_not_draw_over_a_later_page",),
    ),
    Guard(
        "both-doors",
        "a stack does not start beside another program that answers at localhost",
        (
            Edit(
                "dev/stack/ports.py",
                "        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):\n",
                "        if error.errno == errno.EPERM:\n",
            ),
        ),
        ("tests/stack/test_life.py::test_a_busy_port_is_named",),
    ),
)
