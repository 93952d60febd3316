"""How a program on the whole product ends if it cannot go on: the demo, the benchmarks and the chaos."""

from collections.abc import Callable

from pydantic import ValidationError

from models.unavailable import DatabaseBusy, DatabaseRefused, DatabaseUnavailable
from sandbox import endings
from sandbox.stack import ProcessDied
from workers.redis_server import RedisUnavailable


def ends_in_a_sentence(program: Callable[[], int]) -> int:
    """Runs the program; reports an early end in words. Returns the exit code."""
    return endings.ends_in_a_sentence(program, sentence_about)


def sentence_about(error: BaseException) -> str:
    """The problem and its remedy, for a person who does not know the program's internals."""
    match error:
        case RedisUnavailable() | ProcessDied():
            return str(error)
        case ValidationError():
            told = error.errors(include_url=False, include_input=False)[0]
            return f"the settings cannot be used: {'.'.join(map(str, told['loc'])).upper()}: {told['msg']}"
        case DatabaseBusy():
            return (
                "another program kept the database locked for too long; close it, or start again with an empty database"
            )
        case DatabaseUnavailable():
            return f"the database cannot be used: {error}"
        case DatabaseRefused():
            return f"the database refused: {str(error.orig or error).strip().partition(chr(10))[0]}"
        case _:
            return endings.sentence_about(error)
