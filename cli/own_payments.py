"""`own-payments`: payments in QuickBooks that this platform made itself; they are not external."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.failures import Refusal
from cli.opening import find_organization, opened_context
from cli.output import AsJson, examples, print_json
from tasks.own_payments import register

app = typer.Typer(no_args_is_help=True, help="Own payments: what this platform made itself is not external.")


@app.callback()
def _only_groups() -> None:
    """Own payments: what this platform made itself is not external."""


@app.command(epilog=examples("own-payments add northwind 4711 4712", "own-payments add northwind --file ids.txt"))
def add(
    slug: Annotated[str, typer.Argument(metavar="ORG", help="The organization's short name.")],
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of payments in QuickBooks.")] = None,
    file: Annotated[Path | None, typer.Option(help="A file with one id per line; - reads it from the pipe.")] = None,
    as_json: AsJson = False,
) -> None:
    """Registers payments as the platform's own, also such that nobody has told us of yet."""
    chosen = [*(ids or []), *(_lines(file) if file is not None else [])]
    if not any(one.strip() for one in chosen):
        raise Refusal("name at least one id, or a --file with some")
    with opened_context() as context:
        with context.database.reading() as session:
            organization_id = find_organization(session, slug).id
        try:
            new = register(context, organization_id, chosen)
        except (LookupError, ValueError) as error:
            raise Refusal(str(error)) from None
    if as_json:
        print_json({"registered": new})
    else:
        print(f"{new} registered that were not known as own before.")


def _lines(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(f"{file} is not UTF-8 text") from None
    except OSError as error:
        raise Refusal(f"{file}: {error.strerror}") from None
    return text.splitlines()
