"""What every room stands on: the database, settings, errors, logs and the words of a request."""
