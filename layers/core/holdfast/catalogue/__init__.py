"""What can be booked and when it is free."""
