"""A few seeded worlds with every test run; `make simulate` runs as many as one likes."""

import pytest

from tests.simulation.simulator import open_simulation
from tests.simulation.truth import faults_found


@pytest.mark.parametrize("seed", [1, 2])
def test_after_all_the_trouble_both_systems_agree(seed: int, database_url: str) -> None:
    with open_simulation(seed, database_url) as simulation:
        simulation.run(steps=60)
        assert faults_found(simulation) == [], "\n".join(simulation.story)
