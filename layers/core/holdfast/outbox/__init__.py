"""What is done outside after a transaction: refunds, e-mail."""
