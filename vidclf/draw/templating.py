"""How every template is filled in, those of reports and those of pages."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from vidclf.secrets import redact


def make_environment(package: str) -> Environment:
    """Templates of a package's folder `templates`: everything is escaped, and passwords in addresses are masked.

    Args:
        package: its dotted name.
    """
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Markup, such as a picture's data, is ours; any other text may hold an address with a password.
        finalize=lambda value: redact(value) if type(value) is str else value,
    )
