"""Pure rules on money, payments and invoices: standard library only, no input or output."""
