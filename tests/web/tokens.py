"""API tokens for tests."""

from domain.users import TokenScope
from tests.world import World
from usecases.api_tokens import create_api_token


def make_token(world: World, organization: str = "northwind", scope: TokenScope = TokenScope.WRITE) -> dict[str, str]:
    token = create_api_token(world.context, organization, "billing", scope)
    assert isinstance(token, str)
    return {"Authorization": f"Bearer {token}"}
