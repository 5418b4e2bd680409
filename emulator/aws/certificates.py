"""Let ACM's list tell a certificate's names, as AWS does and moto does not.

https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateSummary.html
"""

from __future__ import annotations

import functools
from typing import Any

MOST_TOLD = 100  # names that the list tells of one certificate


@functools.cache
def install() -> None:
    """Add the names to the list's answer; call once."""
    from moto.acm.responses import AWSCertificateManagerResponse

    responses: Any = AWSCertificateManagerResponse
    original = responses.list_certificates

    def list_certificates(self: Any) -> Any:
        answer = original(self)
        for one in answer.result["CertificateSummaryList"]:
            names = list(one.get("SubjectAlternativeNames") or [one["DomainName"]])
            one["SubjectAlternativeNameSummaries"] = names[:MOST_TOLD]
            one["HasAdditionalSubjectAlternativeNames"] = len(names) > MOST_TOLD
        return answer

    responses.list_certificates = list_certificates
