"""QuickBooks' preferences and lists into the values of the Sync Tool. What cannot be read gets None, not a guess."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from connectors.quickbooks.amounts import ID_CHARACTERS_MAX, ARef, Day, Ref, Text, Wire, as_object
from domain.copying.booked import BooksRules, Item, NamedParty, NameOwner, TaxCode, TaxMode
from domain.money import is_currency_code

# Some companies show inactive records with this mark after the name.
INACTIVE_MARK = " (deleted)"
# A category holds items, and a bundle has another form of line: neither can stand on a line of ours.
_NO_LINE_OF_OURS = frozenset({"category", "group"})
_HOME_COUNTRY = "US"

Flag = Annotated[bool | None, BeforeValidator(lambda value: value if isinstance(value, bool) else None)]


class _Listed(Wire):
    id: Text = Field("", alias="Id")
    name: Text = Field("", alias="Name")
    full_name: Text = Field("", alias="FullyQualifiedName")
    display_name: Text = Field("", alias="DisplayName")
    active: Flag = Field(None, alias="Active")
    taxable: Flag = Field(None, alias="Taxable")
    kind: Text = Field("", alias="Type")
    currency: ARef = Field(Ref(), alias="CurrencyRef")

    @property
    def is_named(self) -> bool:
        return 0 < len(self.id) <= ID_CHARACTERS_MAX


class _SalesForms(Wire):
    custom_numbers: Flag = Field(None, alias="CustomTxnNumbers")


class _Currencies(Wire):
    many: Flag = Field(None, alias="MultiCurrencyEnabled")
    home: ARef = Field(Ref(), alias="HomeCurrency")


class _Taxes(Wire):
    used: Flag = Field(None, alias="UsingSalesTax")
    automated: Flag = Field(None, alias="PartnerTaxEnabled")


class _Accounting(Wire):
    closed_on: Day = Field(None, alias="BookCloseDate")


class Preferences(Wire):
    """The preferences that matter to the Sync Tool."""

    sales_forms: Annotated[_SalesForms, BeforeValidator(as_object)] = Field(alias="SalesFormsPrefs")
    currencies: Annotated[_Currencies, BeforeValidator(as_object)] = Field(alias="CurrencyPrefs")
    taxes: Annotated[_Taxes, BeforeValidator(as_object)] = Field(alias="TaxPrefs")
    accounting: Annotated[_Accounting, BeforeValidator(as_object)] = Field(
        _Accounting.model_validate({}), alias="AccountingInfoPrefs"
    )

    @property
    def depends_on_country(self) -> bool:
        """Whether only the country says how tax works: outside the United States nothing else tells."""
        return self.taxes.used is True and self.taxes.automated is not True


def preferences_from(answer: Any) -> Preferences | None:
    """The preferences, or None if the answer does not say how the company numbers, taxes and counts its money."""
    told = as_object(as_object(answer).get("Preferences"))
    if not {"SalesFormsPrefs", "CurrencyPrefs", "TaxPrefs"} <= told.keys():
        return None
    read = Preferences.model_validate(told)
    is_told = read.taxes.used is not None and read.sales_forms.custom_numbers is not None
    return read if is_told else None


def country_from(answer: Any) -> str:
    """The company's country in capitals; "" if the answer does not say."""
    country = as_object(as_object(answer).get("CompanyInfo")).get("Country")
    return country.strip().upper() if isinstance(country, str) else ""


def rules_from(preferences: Preferences, country: str) -> BooksRules:
    """The rules.

    Args:
        country: as `country_from` reads it; only looked at where the preferences depend on it.
    """
    home = preferences.currencies.home.value.upper()
    return BooksRules(
        custom_numbers=preferences.sales_forms.custom_numbers is True,
        home_currency=home if is_currency_code(home) else None,
        many_currencies=preferences.currencies.many is True,
        tax_mode=_tax_mode(preferences, country),
        closed_on=preferences.accounting.closed_on,
    )


def item_from(wire: Any) -> Item | None:
    """One product or service; None for anything that cannot stand on a line."""
    read = _Listed.model_validate(as_object(wire))
    if not read.is_named or read.kind.casefold() in _NO_LINE_OF_OURS:
        return None
    # The full name also says in which categories it is: names are only unique within one.
    name = read.full_name or read.name
    return Item(read.id, name, read.kind, active=read.active is not False, taxable=read.taxable is True)


def tax_code_from(wire: Any) -> TaxCode | None:
    read = _Listed.model_validate(as_object(wire))
    if not read.is_named:
        return None
    return TaxCode(read.id, read.name, active=read.active is not False, taxable=read.taxable is True)


def party_from(wire: Any, owner: NameOwner) -> NamedParty | None:
    """A customer, vendor or employee by its own name, without the mark of an inactive one; None without an id."""
    read = _Listed.model_validate(as_object(wire))
    if not read.is_named or not read.display_name:
        return None
    active = read.active is not False
    name = read.display_name if active else read.display_name.removesuffix(INACTIVE_MARK)
    currency = read.currency.value.upper()
    return NamedParty(read.id, name, owner, active, currency if is_currency_code(currency) else None)


def _tax_mode(preferences: Preferences, country: str) -> TaxMode:
    if preferences.taxes.used is not True:
        return TaxMode.NONE
    if preferences.taxes.automated is True:
        return TaxMode.AUTOMATED
    return TaxMode.CODES if country == _HOME_COUNTRY else TaxMode.EVERY_LINE
