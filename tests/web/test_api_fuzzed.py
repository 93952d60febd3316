"""The API keeps to its own description, whatever it is sent: made up calls of every operation, with both scopes.

The same calls every time, so that a failure is one of the change at hand. With other seeds and more of them by hand:
`FUZZ_EXAMPLES=200 FUZZ_SEED=7 .venv/bin/python -m pytest --proofs -s tests/web/test_api_fuzzed.py`.
"""

import os

import pytest
from fastapi import FastAPI

from domain.users import TokenScope
from tests.copying import set_up
from tests.web.api_fuzzing import call_everything
from tests.web.tokens import make_token
from tests.world import World
from usecases.organizations import PreferenceChanges
from usecases.previewing import preview_change

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]


@pytest.fixture
def busy_world(world: World) -> World:
    """Something of everything that the API tells of."""
    tool = set_up(world)
    world.choose(sync_mode="all_invoices")
    world.pay("100.00", (world.invoice("INV-1"), "100.00"))
    world.pay("40.00", (world.invoice("INV-2", in_connectwise=False), "40.00"))
    world.notice()
    for number in ("CW-1", "CW-2"):
        tool.bill(number)
    tool.refresh()
    tool.preview("CW-1")
    preview_change(world.context, world.organization_id, PreferenceChanges(sync_enabled=False))
    return world


@pytest.mark.parametrize("scope", TokenScope)
def test_every_call_is_answered_as_the_description_says(busy_world: World, app: FastAPI, scope: TokenScope) -> None:
    found = call_everything(app, make_token(busy_world, scope=scope), examples=EXAMPLES, seed=SEED)
    print(sum(found.calls.values()), sorted(found.calls.items()))
    assert found.wrong == {}, "\n\n".join(f"{name}\n{told}" for name, told in found.wrong.items())
    assert len(found.operations) > 30
    assert found.calls[200] > 30
    assert (found.calls[403] > 0) == (scope is TokenScope.READ)
