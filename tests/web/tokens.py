"""API tokens for tests."""

from tests.world import World
from usecases.users import create_api_token


def make_token(world: World, organization: str = "northwind") -> dict[str, str]:
    token = create_api_token(world.context, organization, "billing")
    assert isinstance(token, str)
    return {"Authorization": f"Bearer {token}"}
