"""Who asks, with which key or secret; tenants and their limits."""
