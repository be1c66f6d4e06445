"""A surge of one outage: callers who behave like people, and who of them was helped."""
