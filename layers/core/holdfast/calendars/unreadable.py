"""Why a calendar could not be read."""


class Unreadable(Exception):
    """The calendar could not be read. The text is for people and holds no part of the address."""
