"""A QR code as part of a page: vectors between the other marks, because no picture may come from anywhere else."""

import segno
from markupsafe import Markup


def qr_code(text: str) -> Markup:
    """Black on white in either scheme: an app looks for dark squares on a light ground with its quiet border."""
    code = segno.make(text, micro=False, error="m")
    drawn = code.svg_inline(omitsize=True, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None)
    # Drawn by the library from squares alone; nothing of the text is in it.
    return Markup(drawn)  # noqa: S704
