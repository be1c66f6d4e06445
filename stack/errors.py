"""Errors of the local stack, with texts for the person who started it."""


class StackError(Exception):
    """A part did not start, or the stack cannot do what was asked; the text says what and what to do."""
