"""The output of many processes: all lines in files, and on the terminal those that a person has to see."""

import re
import threading
from pathlib import Path

FILE_BYTES_MAX = 10 * 1024 * 1024
# The start of a line that is its own record: a time, a JSON object, uvicorn's word for its level.
_RECORD = re.compile(r"\[?\d{4}-\d\d-\d\d|\{|[A-Z]+:\s")
# structlog for people and as JSON, Celery and the standard library, uvicorn.
_TROUBLE = re.compile(
    r'\[(warning|error|critical)\s*\]|"level": ?"(warning|error|critical)"|\b(WARNING|ERROR|CRITICAL)\b'
)


class ProcessLog:
    """The log file of one process. When long, it is renamed to `.1`, so that there are never more than two files."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._lock = threading.Lock()
        self._output = file.open("a", encoding="utf-8", buffering=1)
        self._is_trouble = False

    def write(self, line: str) -> bool:
        """Stores the line. True if a person should see it: a warning, an error, or a line that belongs to one above."""
        with self._lock:
            if self._output.tell() > FILE_BYTES_MAX:
                self._output.close()
                self._file.replace(self._file.with_name(f"{self._file.name}.1"))
                self._output = self._file.open("a", encoding="utf-8", buffering=1)
            self._output.write(line + "\n")
        if _RECORD.match(line):
            self._is_trouble = _TROUBLE.search(line) is not None
        elif line.startswith("Traceback"):
            self._is_trouble = True
        return self._is_trouble

    def close(self) -> None:
        self._output.close()
