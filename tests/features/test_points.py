from features.tables import point_number


def test_the_number_of_a_point_is_the_same_everywhere_and_exact() -> None:
    assert point_number("a1b2") == 42_628_864_917_484.0
    numbers = {point_number(f"point {k}") for k in range(10_000)}
    assert len(numbers) == 10_000
    assert all(number == int(number) < 2**48 for number in numbers)
    assert point_number("数") != point_number("數")
