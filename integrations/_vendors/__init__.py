"""The formats of vendors' status pages, one file each: ``fits(body)`` and ``read(body, vendor, pin) -> Page``."""
