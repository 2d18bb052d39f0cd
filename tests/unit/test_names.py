"""What may be a name: one visible line."""

import pytest
from pydantic import TypeAdapter, ValidationError

from holdfast.platform.fields import Name

_NAMES: TypeAdapter[str] = TypeAdapter(Name)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\u00a0", "\u200b", "\ufeff", "\u200b \u2060", "\u00ad"],
    ids=["nothing", "space", "no-break", "zero width", "byte order mark", "several", "soft hyphen"],
)
def test_a_name_can_be_seen(text: str) -> None:
    """Characters that leave no mark on paper are not enough.

    Cases: P-12
    """
    with pytest.raises(ValidationError, match="must not be empty"):
        _NAMES.validate_python(text)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029"], ids=["line", "paragraph"])
def test_a_name_is_one_line_by_unicode_too(separator: str) -> None:
    """Unicode's own separators break lines as well.

    Cases: P-12
    """
    with pytest.raises(ValidationError, match="must be one line"):
        _NAMES.validate_python(f"Grace{separator}Hopper")


@pytest.mark.parametrize(
    "text", ["李", "O\u2019Brien-Smith", "محمد", "न\u200dम", "👩\u200d🚀", "Zoë", "X Æ A-12", "."]
)
def test_people_are_called_many_things(text: str) -> None:
    """Any script, and joiners between characters, which some of them need."""
    assert _NAMES.validate_python(text) == text
