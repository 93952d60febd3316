"""Links to the vendors' own pages: made of the operator's template, and never of anything else."""

import pytest
from pydantic import ValidationError

from connectors.connectwise.settings import ConnectWiseSettings
from connectors.connectwise.vendor import ConnectWise
from connectors.quickbooks.settings import QuickBooksSettings
from connectors.quickbooks.vendor import QuickBooks
from connectors.vendor import Vendor

SITE = {"site_url": "https://na.myconnectwise.net/", "company": "acme & sons"}
AT_CONNECTWISE = ConnectWise(ConnectWiseSettings(invoice_link="{site}/open?recid={id}&companyName={company}"))


@pytest.mark.parametrize(
    ("vendor", "account", "expected"),
    [
        (
            QuickBooks(QuickBooksSettings()),
            "9130357766",
            "https://app.qbo.intuit.com/app/invoice?txnId=200%2F1&companyId=9130357766",
        ),
        (QuickBooks(QuickBooksSettings(invoice_link="")), "9130357766", None),
        (ConnectWise(ConnectWiseSettings()), "acme", None),
        (AT_CONNECTWISE, "acme", "https://na.myconnectwise.net/open?recid=200%2F1&companyName=acme%20%26%20sons"),
    ],
)
def test_an_invoice_is_linked_as_the_operator_says(vendor: Vendor, account: str, expected: str | None) -> None:
    assert vendor.invoice_link(account, SITE, "200/1") == expected


@pytest.mark.parametrize("template", ["javascript:alert({id})", "{nobody}", "https://{", "/invoices/{id}"])
def test_a_template_that_is_no_address_stops_the_start(template: str) -> None:
    with pytest.raises(ValidationError):
        QuickBooksSettings(invoice_link=template)
