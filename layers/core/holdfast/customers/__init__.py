"""What is known of a customer: exported or erased."""
