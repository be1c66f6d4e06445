"""Statements with only the given conditions, so that PostgreSQL plans each for its own."""

from collections.abc import Mapping, Sequence


def statement(
    base: str, conditions: Mapping[str, Sequence[object]], order: str, limit: int
) -> tuple[str, Sequence[object]]:
    """`base` with these conditions on it, and the values to run it with.

    A condition has a `{}` for each of its values; it is left out when one of them is None.
    """
    texts, values = [], list[object]()
    for text, given in conditions.items():
        if None not in given:
            texts.append(text.format(*(f"${len(values) + place}" for place in range(1, len(given) + 1))))
            values += given
    where = f"where {' and '.join(texts)} " if texts else ""
    return f"{base} {where}order by {order} limit {limit:d}", values
