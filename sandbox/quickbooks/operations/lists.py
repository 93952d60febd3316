"""The lists and the settings of a company as a person keeps them: items, tax codes, names, preferences."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from sandbox.quickbooks.operations.base import Operations
from sandbox.quickbooks.operations.inputs import day
from sandbox.quickbooks.query.run import table_of
from sandbox.quickbooks.truth import CustomerTruth
from sandbox.quickbooks.world import names
from sandbox.quickbooks.world.company import Preferences
from sandbox.quickbooks.world.records import Item, TaxCode, TaxRate

# The country of a company is there from its beginning.
_PREFERENCES = {one.name for one in fields(Preferences)} - {"country"}
_CAN_BE_INACTIVE = {"Customer", "Vendor", "Employee", "Item", "TaxCode", "Term"}


class ListOperations(Operations):
    def add_item(
        self,
        name: str,
        kind: str = "Service",
        *,
        sku: str = "",
        taxable: bool = False,
        realm_id: str | None = None,
    ) -> str:
        with self.lock:
            company = self._company(realm_id)
            now = company.now()
            item = Item(
                id=company.next_list_id("Item"),
                created_at=now,
                changed_at=now,
                name=name,
                kind=kind,
                sku=sku,
                taxable=taxable,
            )
            company.created(company.items, item, "Item", "user")
            return item.id

    def add_tax_code(
        self,
        name: str,
        rates: Iterable[Mapping[str, Any]] = (),
        *,
        taxable: bool = True,
        realm_id: str | None = None,
    ) -> str:
        """Adds a tax code; a rate has a name and a rate ("0.2" are 20 %), and may have an agency."""
        with self.lock:
            company = self._company(realm_id)
            now = company.now()
            rate_ids = []
            for one in rates:
                rate = TaxRate(
                    id=company.next_list_id("TaxRate"),
                    created_at=now,
                    changed_at=now,
                    name=one["name"],
                    rate=Decimal(one["rate"]),
                    agency=one.get("agency", ""),
                )
                company.tax_rates.add(rate)
                rate_ids.append(rate.id)
            code = TaxCode(
                id=company.next_list_id("TaxCode"),
                created_at=now,
                changed_at=now,
                name=name,
                taxable=taxable,
                rate_ids=tuple(rate_ids),
            )
            company.tax_codes.add(code)
            return code.id

    def rename_item(self, item_id: str, name: str, *, realm_id: str | None = None) -> None:
        with self.lock:
            company = self._company(realm_id)
            item = company.items.records[item_id]
            item.name = name
            company.touched(company.items, item, "Item", "user")

    def set_active(self, entity: str, record_id: str, *, active: bool, realm_id: str | None = None) -> None:
        """Makes a Customer, Vendor, Employee, Item, TaxCode or Term inactive, or active again."""
        with self.lock:
            company = self._company(realm_id)
            if entity not in _CAN_BE_INACTIVE:
                raise ValueError(f"a {entity} cannot be made inactive")
            table = table_of(company, entity)
            record = table.records[record_id]
            record.active = active
            company.touched(table, record, entity, "user")

    def add_name_owner(self, kind: str, name: str, *, realm_id: str | None = None) -> None:
        """Adds a vendor or an employee, who keeps the name from every customer."""
        with self.lock:
            names.add_other(self._company(realm_id), kind, name)

    def set_preferences(self, /, *, realm_id: str | None = None, **values: Any) -> None:
        """Changes custom_numbers, uses_sales_tax, automatic_rate, books_closed_on or takes_online_payments."""
        with self.lock:
            preferences = self._company(realm_id).preferences
            unknown = values.keys() - _PREFERENCES
            if unknown:
                raise ValueError(f"there is no preference {', '.join(sorted(unknown))} to set")
            for name, value in values.items():
                match name:
                    case "automatic_rate":
                        preferences.automatic_rate = Decimal(value)
                    case "books_closed_on":
                        preferences.books_closed_on = day(value)
                    case _ if isinstance(value, bool):
                        setattr(preferences, name, value)
                    case _:
                        raise ValueError(f"{name} is true or false, not {value!r}")

    def customers(self, *, realm_id: str | None = None) -> list[CustomerTruth]:
        with self.lock:
            return [CustomerTruth.of(one) for one in self._company(realm_id).customers.records.values()]
