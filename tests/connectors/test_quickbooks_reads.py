"""How many ids a query takes is not documented: as many as it takes, and no more metered reads than needed."""

import pytest

from connectors.base import Got
from tests.connectors.vendors import QuickBooks

QUERY = "POST /v3/company/{realm_id}/query"


@pytest.mark.parametrize("limit", [0, 299, 100, 40])
def test_a_list_that_is_refused_is_read_in_shorter_ones(quickbooks: QuickBooks, limit: int) -> None:
    quickbooks.sandbox.set_switches(in_list_limit=limit)
    ids = [quickbooks.pay("1.00") for _ in range(650)]
    result = quickbooks.source.read_payments(ids)
    assert isinstance(result, Got)
    assert {payment.external_id for payment in result.value.payments} == set(ids)


def test_a_shorter_length_is_remembered(quickbooks: QuickBooks) -> None:
    quickbooks.sandbox.set_switches(in_list_limit=160)
    ids = [quickbooks.pay("1.00") for _ in range(300)]
    for _ in range(3):
        assert isinstance(quickbooks.source.read_payments(ids), Got)
    assert quickbooks.sandbox.metered_reads()["9130357766"] == 1 + 3 * 2
