"""The reference's arithmetic: None for not known, exact where rounding could tell."""

import math
from collections.abc import Sequence
from fractions import Fraction

Value = float | None


def above_zero(value: Value) -> Value:
    """The value where it is above 0."""
    return value if value is not None and value > 0 else None


def known(values: Sequence[Value]) -> list[float]:
    """Those values that are known."""
    return [value for value in values if value is not None]


def ratio(part: Value, whole: Value) -> Value:
    """`part` over `whole`: no value where one is not known or `whole` is not above 0."""
    if part is None or whole is None or whole <= 0:
        return None
    return part / whole


def difference(new: Value, old: Value) -> Value:
    """`new` less `old`."""
    return None if new is None or old is None else new - old


def highest(values: Sequence[Value]) -> Value:
    """The highest of the known values."""
    return max(known(values), default=None)


def mean(values: Sequence[Value]) -> Value:
    """The average of the known values."""
    numbers = known(values)
    return math.fsum(numbers) / len(numbers) if numbers else None


def share(answers: Sequence[bool]) -> Value:
    """The share of the answers that are yes."""
    return sum(answers) / len(answers) if answers else None


def deviation(values: Sequence[Value]) -> Value:
    """The standard deviation of the population, from at least 2 known values."""
    numbers = [Fraction(value) for value in known(values)]
    if len(numbers) < 2:
        return None
    middle = sum(numbers) / len(numbers)
    return math.sqrt(sum((x - middle) ** 2 for x in numbers) / len(numbers))


def slope(times: Sequence[float], values: Sequence[Value]) -> Value:
    """The least-squares slope through the known values, from at least 3 of them."""
    points = [
        (Fraction(time), Fraction(value))
        for time, value in zip(times, values, strict=True)
        if value is not None
    ]
    if len(points) < 3:
        return None
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    across = sum((x - middle_x) * (y - middle_y) for x, y in points)
    return float(across / sum((x - middle_x) ** 2 for x, _ in points))
