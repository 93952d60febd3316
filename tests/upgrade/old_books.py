"""Run by a release's own program, in its own folder: it sets up the organizations and invoices of the play, and writes
down what the test has to know of them. The arguments are a file with the environment and how many of each.
"""

import json
import random
import sys
from dataclasses import asdict
from pathlib import Path


def main() -> None:
    environment, state_dir, organizations, payments = json.loads(Path(sys.argv[1]).read_text())
    from sandbox.demo.tenants import set_up_tenant
    from sandbox.stack import Stack
    from settings import Settings
    from tests.chaos.books import open_books

    settings = Settings.model_validate({name.lower(): value for name, value in environment.items()})
    known = {
        "state_dir": Path(state_dir),
        "environment": environment,
        "settings": settings,
        "quickbooks_url": environment["QUICKBOOKS_API_URL"],
        "connectwise_url": f"http://127.0.0.1:{environment['CONNECTWISE_SANDBOX_PORT']}",
    }
    stack = Stack(**{name: known.get(name) for name in Stack.__dataclass_fields__})
    context = stack.context()
    tenants = [
        set_up_tenant(stack, context, f"msp-{number:02}", f"MSP {number}", f"Customer {number}", str(9000 + number))
        for number in range(organizations)
    ]
    books = open_books(stack, context, tenants, payments, random.Random(1))
    written = {
        "tenants": [asdict(one) for one in tenants],
        "bills": [asdict(one) for one in books.bills],
        "spare": [asdict(one) for one in books.spare.values()],
        "typed": [[*key, str(amount)] for key, amount in books.typed.items()],
    }
    Path(sys.argv[1]).with_suffix(".books").write_text(json.dumps(written, default=str))


if __name__ == "__main__":
    main()
