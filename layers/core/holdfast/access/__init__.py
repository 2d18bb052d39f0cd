"""Callers, their keys and secrets; tenants and their limits."""
