"""The HTTP API against its own description, shorter than `make fuzz`."""

import pytest

pytestmark = pytest.mark.stack
