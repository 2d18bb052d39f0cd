"""Holdfast: a booking-and-payments backend that cannot double-book and cannot lose a cent."""
