"""The data of a customer: exported or erased."""
