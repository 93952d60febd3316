"""What people type into the fields and addresses of pages."""


def plain(typed: str) -> str:
    # PostgreSQL stores no NUL in a text and refuses a query with one.
    return typed.replace("\0", "").strip()
