"""One switch for each behaviour of QuickBooks that Intuit leaves open, varies, or shows on a bad day.

The defaults are the documented or best attested behaviour. A test of the other behaviour flips the switch.
"""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin


@dataclass
class Switches:
    # OAuth. "daily" is Intuit's documented habit: the value changes about every 24 hours.
    refresh_rotation: Literal["always", "daily", "never"] = "always"
    # The effect of a refresh with a replaced value. Intuit may revoke the whole chain ("kills_both").
    replaced_refresh: Literal["dies_at_once", "still_works", "kills_both"] = "dies_at_once"
    access_token_seconds: int = 3600
    authorize: Literal["redirect", "page", "deny"] = "redirect"
    # The company that "redirect" connects; empty means the first one.
    authorize_realm_id: str = ""

    # Faults. "documented" means upper case for faults of the service, lower case for those of the gateway.
    fault_spelling: Literal["documented", "upper", "lower"] = "documented"
    throttle_body: Literal["json", "plain"] = "json"
    # Zero means no limit. Intuit's own numbers are 10 a second and 500 a minute per company.
    requests_per_second: int = 0
    requests_per_minute: int = 0
    # Metered reads until every further read is refused with 429 until the next month; zero means no cap.
    monthly_read_cap: int = 0
    batch_metering: Literal["one", "per_item"] = "one"
    suspended: bool = False  # fault 6190: the company's subscription has ended

    # Entities on the wire.
    unknown_fields: bool = False
    last_modified_by: bool = True
    void_note: Literal["Voided", "Voided - "] = "Voided"
    payment_reference_length: int = 21  # callers truncate to 21; the true limit is not published
    line_over_balance: Literal["clamp", "reject", "accept"] = "clamp"

    # Writing. Refusals of the service come with 400; some have been seen in an HTTP 200.
    refusal_status: Literal[400, 200] = 400
    # The newest answers of each company that a repeated requestid still gets; Intuit does not say how many.
    request_ids_kept: int = 1_000_000
    # A request with a known id and another body: not published.
    request_id_other_body: Literal["replay", "refuse"] = "replay"
    # Automated sales tax. Intuit says that a tax that is sent is honoured, Mobius that it is calculated anew; in a
    # company in the US a tax that was sent became zero (Torqvoice); and rounding by rates can differ by a cent.
    ast: Literal["off", "honour", "recalc", "recalc_zero", "cent_off"] = "off"
    # A DocNumber that is sent although the company lets QuickBooks number: "can lead to unwanted duplicates".
    automatic_numbers: Literal["use_sent", "ignore_sent"] = "use_sent"
    # Decimals of a UnitPrice before it is multiplied; zero means all of them.
    unit_price_decimals: int = 0
    inactive_names: Literal["kept", "marked"] = "kept"

    # Reading.
    xml_without_accept: bool = True  # Intuit answers XML unless a client asks for JSON
    id_sortable: bool = True  # Intuit announced in 2025-11 that this ends
    query_order: Literal["newest_first", "oldest_first"] = "newest_first"  # without ORDERBY; Intuit promises neither
    in_list_limit: int = 0
    # A condition with a typographic quote finds nothing, although the name is there (PHP SDK #395).
    typographic_quotes: Literal["found", "missed"] = "found"
    readable_after_seconds: float = 0.0  # 610 for this long after a create
    query_hides: str = ""  # the id of an object that counts have and that no list shows
    cdc_after_seconds: float = 0.0  # change data capture shows a change only after this delay
    cdc_inclusive: bool = True
    cdc_cap: int = 1000
    cdc_cap_scope: Literal["request", "entity"] = "request"
    cdc_cap_keeps: Literal["oldest", "newest"] = "oldest"
    cdc_beyond_30_days: Literal["refuse", "clip"] = "refuse"

    # Reports. "v2" are the modernized ones: other titles, rows in another order each time, an empty text for zero.
    report_version: Literal["v2", "v1"] = "v2"
    # Cells until a report ends with "Unable to display more data", in HTTP 200 and without its totals.
    report_cells_max: int = 400_000
    report_columns_max: int = 24  # with more of them the gateway gives up with 504
    # Where a column says what it is: in its metadata, in its type, or only in its title.
    report_column_keys: Literal["metadata", "type", "absent"] = "metadata"
    report_column_order: Literal["asked", "shuffled"] = "asked"
    report_titles: Literal["english", "french"] = "english"
    report_ids: Literal["there", "absent"] = "there"  # the ids of documents and customers in the cells
    report_amounts: Literal["two_digits", "short", "thousands"] = "two_digits"  # 1250.00, 1250, 1,250.00
    # Whether each section ends with its sum, or the last one does not: the second sign of a report that was cut.
    report_summaries: Literal["there", "last_absent"] = "there"
    # Unapplied payments, credit memos and other amounts below zero; where they are hidden, the totals still have them.
    report_negative_rows: Literal["shown", "hidden"] = "shown"
    # Whether the aging detail puts customers into its ages, and sub-customers into their parents.
    report_hierarchy: bool = False
    # Whether a payment or a memo has its own date as due date, or none: then every stretch of due dates leaves it out.
    report_due_dates: Literal["all", "invoices_only"] = "all"
    # A parameter that reports ignore without a word, as TransactionList did with its type in 2026-08.
    report_ignores: str = ""
    report_lag_seconds: float = 0.0  # reports know of documents and payments only after this delay

    # Webhooks.
    void_event: Literal["void", "voided"] = "void"
    webhook_self_echo: bool = True  # own writes over the API notify, too
    webhook_invoice_updates: bool = True  # a payment also notifies about the invoices it touched
    webhook_needs_connection: bool = False  # only companies with a live refresh token notify
    webhook_linger_seconds: float = 0.01  # events that arrive closer together share one array
    webhook_batch_limit: int = 100
    webhook_time_scale: float = 1.0  # multiplies the retry schedule
    webhook_limit_seconds: float = 3.0
    webhook_blocking: Literal["off", "endpoint", "realm"] = "off"  # head-of-line blocking; its scope is not published

    def set(self, **values: Any) -> None:
        """Change switches by name; a name or a value that does not exist is a ValueError, nothing changes then."""
        known = {field.name: field.type for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"there is no switch {name!r}")
            _check(name, value, known[name])
        for name, value in values.items():
            kind = known[name]
            # A number may come as a Decimal, from JSON.
            setattr(self, name, kind(value) if kind in (int, float) else value)


def _check(name: str, value: Any, kind: Any) -> None:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{name} is one of {', '.join(get_args(kind))}, not {value!r}")
    elif kind is bool:
        if not isinstance(value, bool):
            raise ValueError(f"{name} is true or false, not {value!r}")
    elif kind is str:
        if not isinstance(value, str):
            raise ValueError(f"{name} is text, not {value!r}")
    elif isinstance(value, (bool, str)) or kind(value) != value or value < 0:
        raise ValueError(f"{name} is a number, not {value!r}")
