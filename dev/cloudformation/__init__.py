"""The templates, read as the local stack and the bill need them."""
