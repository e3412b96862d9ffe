"""The server's log: one JSON object a line, on standard error."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# Whatever a library may say about a request: the secret in it must not get into a file.
_SECRET = re.compile(r"(?i)(authtoken=|authorization['\"]?:? ?b?['\"]?(?:basic|token) )[^\s&'\"]+")


class JsonLines(logging.Formatter):
    """Formats a record with its time, level, logger and message, and whatever `extra` it has."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": hide_secrets(record.getMessage()),
        }
        line.update((name, value) for name, value in vars(record).items() if name not in _KNOWN)
        line.pop("color_message", None)
        if record.exc_info:
            line["trace"] = hide_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def hide_secrets(text: str) -> str:
    """`text` without the values of tokens and credentials."""
    return _SECRET.sub(r"\1(hidden)", text)


def set_up_logs(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send everything that is logged from now on to `stream` as JSON lines."""
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("gunicorn.error", "gunicorn.access", "uvicorn", "uvicorn.error", "falcon"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        # What these libraries say at INFO is about themselves.
        logger.setLevel(max(level, logging.WARNING))
    logging.getLogger("asyncio").setLevel(max(level, logging.WARNING))
