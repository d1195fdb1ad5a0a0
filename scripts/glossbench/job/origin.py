"""What a result was made from, kept beside it, so that it can be told from the result of other settings or code."""

import hashlib


def origin(settings: str, code: str) -> dict[str, str]:
    """Digests of a job's params.

    Args:
        settings: canonical JSON of the settings, without the seed.
        code: digest of the code.
    """
    return {"settings": hashlib.sha256(settings.encode()).hexdigest()[:16], "code": code}
