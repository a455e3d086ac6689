"""Plain synchronous HTTP for tests: the standard library only, never through a proxy."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlencode

Json: TypeAlias = Any  # a test knows what it asked for
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Answer:
    """What a server said; any status is an answer."""

    request: str
    status: int
    body: bytes

    def json(self) -> Json:
        """Read the body as JSON."""
        return json.loads(self.body)


class UnexpectedAnswerError(AssertionError):
    """A server said no where the rig needs a yes."""


def call(
    method: str,
    url: str,
    *,
    body: object = None,
    form: Mapping[str, str] | None = None,
    token: str | None = None,
    within: float = 30,
) -> Answer:
    """Send one request, with a JSON body (bytes go as they are) or a form."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data: bytes | None = None
    if form is not None:
        data = urlencode(form).encode()
    elif body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    asked = f"{method} {url}"
    request = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with _OPENER.open(request, timeout=within) as response:
            return Answer(asked, response.status, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(asked, error.code, error.read())


def expect(status: int, answer: Answer) -> Answer:
    """Insist on *status*; anything else fails the test with the server's words."""
    if answer.status != status:
        raise UnexpectedAnswerError(
            f"{answer.request} answered {answer.status}, not {status}: {answer.body[:500]!r}"
        )
    return answer
