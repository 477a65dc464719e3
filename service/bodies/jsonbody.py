"""Reading a JSON body strictly: what JSON leaves open is refused."""

import json
import re
from typing import Any, NoReturn

from service.errors import ProblemError, shown

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def parse(body: bytes) -> Any:
    """The value that a JSON body holds; ProblemError `malformed-json` where it holds none.

    Refused beyond what the standard refuses: NaN and Infinity, a key given twice in one
    object, half a surrogate pair, nesting deeper than the interpreter's own limit.
    """
    try:
        text = body.decode("utf-8")
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
        if _SURROGATE_ESCAPE.search(text):
            _no_half_pairs(value)
    except UnicodeDecodeError as error:
        raise _malformed(f"The body is not UTF-8: byte {error.start} is wrong.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _malformed(f"The body is not JSON: {error.msg} at {place}.") from None
    except RecursionError:
        raise _malformed("The body is nested too deeply.") from None
    except ValueError:  # an integer of more digits than Python converts
        raise _malformed("A number in the body has too many digits.") from None
    return value


def _malformed(detail: str) -> ProblemError:
    return ProblemError("malformed-json", detail)


def _no_constant(name: str) -> NoReturn:
    raise _malformed(f"{name} is not JSON. Send null, or leave out, a number that is not known.")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for position, key in enumerate(keys) if key in keys[:position])
        raise _malformed(f"The key {shown(twice)} is given twice in one object.")
    return value


def _no_half_pairs(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _malformed("A text in the body holds half of a surrogate pair.") from None
