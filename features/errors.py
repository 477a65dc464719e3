"""What is raised when what came in is wrong."""


class InputError(ValueError):
    """Input that cannot be used: where it stands, what is wrong, and how to mend it.

    `where` names file, row and column (or the field's JSON pointer); `value` is shown in
    the message, cut to a bounded length.
    """

    SHOWN = 80

    def __init__(self, where: str, problem: str, remedy: str, value: object = None) -> None:
        self.where = where
        self.problem = problem
        self.remedy = remedy
        self.value = shown(value) if value is not None else None
        got = f" (got {self.value})" if self.value is not None else ""
        super().__init__(f"{where}: {problem}{got}. {remedy}")


def shown(value: object) -> str:
    """`value` as text that is safe to print: bounded in length."""
    text = repr(value)
    return text if len(text) <= InputError.SHOWN else f"{text[: InputError.SHOWN]}…"
