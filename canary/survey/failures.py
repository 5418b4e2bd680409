"""Say in one sentence why AWS could not be asked, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from canary.control_plane.state import Unavailable
from canary.observe.calls import Reader
from canary.survey.values import SurveyError

_NO_CREDENTIALS = frozenset(
    {
        *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
        *("TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "LoginError"),
        *("NoAuthTokenError", "LoginRefreshRequired", "LoginTokenLoadError"),
    }
)
_OLD = frozenset(
    {
        *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException"),
        *("InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"),
        *("AuthFailure", "IncompleteSignature", "MissingAuthenticationToken"),
    }
)
_UNREACHED = frozenset(
    {
        *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "SSLError"),
        *("ConnectionClosedError", "ProxyConnectionError", "HTTPClientError"),
    }
)
MOST_NEAR = 3
MOST_LISTED = 12


def sentence(failed: Unavailable, region: str) -> str:
    """Return why a call failed, for a person who can do something about it."""
    if failed.code in _NO_CREDENTIALS:
        return (
            "no AWS credentials were found: sign in (aws sso login, aws configure), or name a"
            " profile with --profile"
        )
    if failed.code in _OLD:
        return (
            f"AWS does not accept these credentials ({failed.code}): sign in again, or name"
            " another profile with --profile"
        )
    if failed.denied:
        return (
            f"AWS denies {failed.action} on {failed.resource}: --policy prints the smallest policy"
            " that is needed"
        )
    if "Throttl" in failed.code or failed.code == "TooManyRequestsException":
        return f"AWS throttles {failed.action}: try again in a minute"
    if failed.code in _UNREACHED:
        return f"AWS is not reached from here in {region} ({failed.action}: {failed.code})"
    return f"{failed.action} failed in {region}: {failed.code}: {failed.reason[:200]}"


def refuse(reader: Reader, action: str) -> SurveyError:
    """Return the error for a call without which a survey cannot go on."""
    failed = next((u for u in reader.unavailable() if u.action == action), None)
    region = reader.environment.region
    return SurveyError(sentence(failed, region) if failed else f"{action} told nothing")


def near(name: str, known: Iterable[str]) -> str:
    """Return the known names that a wrong one may have meant, as the end of a sentence."""
    every = sorted(set(known))
    if not every:
        return "there is none at all"
    words = [n for n in every if name.lower() in n.lower()]
    alike = words or difflib.get_close_matches(name, every, MOST_NEAR, 0.4)
    return f"did you mean {' or '.join(alike[:MOST_NEAR])}?" if alike else listed(every)


def listed(names: Sequence[str]) -> str:
    """Return names as a list of bounded length."""
    more = len(names) - MOST_LISTED
    return f"there are: {', '.join(names[:MOST_LISTED])}" + (
        f" and {more} more" if more > 0 else ""
    )
