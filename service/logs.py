"""Log lines: one JSON object each, or at a terminal one line that is read easily.

A line says which request it is about. Of an exception it tells the type and where it was raised,
never its text: that may quote what was sent or what a database holds.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from service.traces import CURRENT

Kind = Literal["json", "text"]

ACCESS = "service.access"
LENGTH = 2_000  # characters of a message
_EXTRAS = ("method", "status", "duration_ms")
_ROOT = Path(__file__).parents[1]
_FRAMES = 30  # the innermost


def kind_of(wanted: Kind | None) -> Kind:
    """The kind of lines that is wanted; where it is left open, as stderr is a terminal or not."""
    return wanted or ("text" if sys.stderr.isatty() else "json")


def configuration(kind: Kind, access: bool) -> dict[str, Any]:
    """What logging.config.dictConfig takes; `access`: a line for each request too."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{__name__}.{_FORMATTERS[kind].__name__}"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": "INFO", "handlers": ["stderr"]},
        "loggers": {
            "alembic": {"level": "WARNING"},
            ACCESS: {"level": "INFO" if access else "WARNING"},
        },
    }


class JsonLines(logging.Formatter):
    """Each record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps(told(record), ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """Each record as a line to read, and below it where its exception was raised."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, or several."""
        line = told(record)
        raised = line.pop("exception", None)
        head = [line.pop(name) for name in ("time", "level", "logger", "message")]
        rest = [f"{name}={value}" for name, value in line.items()]
        text = " ".join([*head, *rest])
        while raised is not None:
            text += "".join(f"\n    {frame}" for frame in raised["frames"])
            text += f"\n  {raised['type']}"
            raised = raised.get("cause")
        return text


_FORMATTERS: dict[Kind, type[logging.Formatter]] = {"json": JsonLines, "text": TextLines}


def told(record: logging.LogRecord) -> dict[str, Any]:
    """What a line tells of a record."""
    at = datetime.fromtimestamp(record.created, UTC)
    message = record.getMessage().partition("\n")[0]  # what follows may quote anything
    line: dict[str, Any] = {
        "time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
        "level": record.levelname,
        "logger": record.name,
        "message": message if len(message) <= LENGTH else f"{message[:LENGTH]}…",
    }
    trace = CURRENT.get()
    if trace is not None:
        line["request_id"] = trace.request_id
        if trace.sent:
            line["trace_id"] = trace.request_id
        line["route"] = trace.route
    line |= {name: vars(record)[name] for name in _EXTRAS if name in vars(record)}
    if record.exc_info and record.exc_info[1] is not None:
        line["exception"] = _raised(record.exc_info[1])
    return line


def _raised(error: BaseException) -> dict[str, Any]:
    """The exception: its type and frames, innermost last, and what it came from."""
    kind = type(error)
    raised: dict[str, Any] = {
        "type": kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}",
        "frames": _frames(error.__traceback__),
    }
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return raised if cause is None else raised | {"cause": _raised(cause)}


def _frames(traceback: TracebackType | None) -> list[str]:
    frames = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        path = Path(code.co_filename)
        place = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path
        frames.append(f"{place}:{traceback.tb_lineno} {code.co_qualname}")
        traceback = traceback.tb_next
    return frames[-_FRAMES:]
