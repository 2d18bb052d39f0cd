"""Checkouts, Stripe's events, and the daily reconciliation."""
