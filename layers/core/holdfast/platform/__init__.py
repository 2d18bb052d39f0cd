"""What every room builds on: the database, settings, errors, logs and basic models."""
