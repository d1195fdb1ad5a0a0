"""Errors of the Hugging Face hub and of the network, as one line for the user.

The messages of huggingface_hub have several lines, often do not name the file, and do not know the mirror:
test_what_came_whole_is_kept_for_the_next_attempt and test_no_network_names_the_endpoint_and_the_mirror show it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
    XetDownloadError,
)

from glossbench.errors import NO_SPACE, FetchError


@contextmanager
def one_line_errors(name: str, repo_type: str, mirror_hint: str) -> Iterator[None]:
    """Turn errors of the body into FetchError; an OSError for lack of space is left as it is.

    Args:
        name: Repository and commit.
        repo_type: "model" or "dataset".
        mirror_hint: How to provide the files without the network.
    """
    try:
        yield
    except GatedRepoError as error:
        raise FetchError(
            f"{name}: its owner asks for consent; give it on its page at {constants.ENDPOINT} and "
            f"log in (HF_TOKEN), or {mirror_hint}"
        ) from error
    except RevisionNotFoundError as error:
        raise FetchError(
            f"{name}: {constants.ENDPOINT} has no such revision; correct `hub: revision:` in the registry"
        ) from error
    except RepositoryNotFoundError as error:
        raise FetchError(
            f"{name}: {constants.ENDPOINT} has no such {repo_type} repository, or a private one; correct "
            f"`hub: repo:` in the registry, log in (HF_TOKEN), or {mirror_hint}"
        ) from error
    except HFValidationError as error:
        raise FetchError(f"{name}: not the name of a repository; correct `hub: repo:`") from error
    except (OSError, HTTPError, XetDownloadError, RuntimeError) as error:
        if getattr(error, "errno", None) in NO_SPACE:
            raise
        raise FetchError(
            f"{name}: {_file(error)}could not be downloaded from {constants.ENDPOINT} ({_reason(error)}); "
            f"check the network (HF_ENDPOINT names another host of the hub) and run again, or {mirror_hint}"
        ) from error


def _file(error: Exception) -> str:
    """The name of the file that was requested and a space, or "" where the URL does not tell."""
    error = _cause(error)
    try:
        path = getattr(error, "response", error).request.url.path
    except (AttributeError, RuntimeError):  # not an error of a request, or one without its request
        return ""
    name = path.partition("/resolve/")[2].partition("/")[2]
    return f"{name} " if name else ""


def _reason(error: Exception) -> str:
    error = _cause(error)
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason_phrase}".strip()
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def _cause(error: Exception) -> Exception:
    """The error of the request, which huggingface_hub reports as a file that is not in its cache either."""
    return error.__cause__ if isinstance(error, LocalEntryNotFoundError) and error.__cause__ else error
