"""The columns of the file that a partner imports, in the order in which a list shows them."""

COLUMNS = ("number", "origin", "quickbooks_id", "connectwise_id", "total", "currency", "customer")
