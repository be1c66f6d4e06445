"""Trunks: how calls come from telephone companies and go to them, what may go out by which rule, what became of it."""
