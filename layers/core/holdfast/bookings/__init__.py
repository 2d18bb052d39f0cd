"""Holds, bookings and reschedules."""
