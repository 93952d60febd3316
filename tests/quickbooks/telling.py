"""What is told of an odd invoice."""

import simplejson

from sandbox.faults import Fault
from tests.world import World


def told(world: World, **entities: list[dict[str, object]]) -> None:
    """Change data capture tells exactly these objects, once."""
    response = {"QueryResponse": [{name: objects} for name, objects in entities.items()]}
    answer = {"CDCResponse": [response], "time": world.clock.now().isoformat()}
    body = simplejson.dumps(answer, use_decimal=True)
    world.quickbooks.faults.add(Fault("error", path="/cdc", status=200, body=body, times=1))
