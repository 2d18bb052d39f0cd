"""Every call to Stripe."""
