"""What a deployment costs: `python -m dev.costs` writes docs/costs.md."""
