"""Every word that a page may have to say exists."""

from domain.preferences import InvoiceOrigin
from domain.records import AllocationKind
from models.connections import ConnectionStatus
from web.labels import CONNECTION_LABELS, KIND_LABELS, ORIGIN_LABELS


def test_every_state_of_a_connection_can_be_said() -> None:
    assert set(CONNECTION_LABELS) == set(ConnectionStatus)


def test_every_origin_and_kind_can_be_said() -> None:
    assert set(ORIGIN_LABELS) == set(InvoiceOrigin)
    assert set(KIND_LABELS) >= set(AllocationKind) - {AllocationKind.NOTHING}
