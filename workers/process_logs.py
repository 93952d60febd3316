"""The lines of many processes: all of them in files, and on the terminal those that somebody has to see."""

import re
import threading
from pathlib import Path

FILE_BYTES_MAX = 10 * 1024 * 1024
# How a line begins that is a record of its own: a time, a JSON object, uvicorn's word for its level.
_RECORD = re.compile(r"\[?\d{4}-\d\d-\d\d|\{|[A-Z]+:\s")
# structlog for people and as JSON, Celery and the standard library, uvicorn.
_TROUBLE = re.compile(
    r'\[(warning|error|critical)\s*\]|"level": ?"(warning|error|critical)"|\b(WARNING|ERROR|CRITICAL)\b'
)


class ProcessLog:
    """The file of one process; when it has become long it is put aside as `.1`, so that two files are all there is."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file
        self._lock = threading.Lock()
        self._output = file.open("a", encoding="utf-8", buffering=1)
        self._is_trouble = False

    def write(self, line: str) -> bool:
        """Keeps the line. Says whether it is one to be seen: a warning, an error, or what belongs to one above it."""
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
