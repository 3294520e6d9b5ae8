"""Errors with two readers: a sentence for the person, a precise line for the log.

PortalError
├── NotFound        no such expert, environment, attempt …           404
├── Refused         the rules or the state say no                    409
│   └── TimeIsUp    the limit has passed                             409
├── Forbidden       not yours                                        403
├── BadInput        a value that cannot be used                      422
└── Unavailable     ours: something the portal needs does not answer 503
"""

from __future__ import annotations


class PortalError(Exception):
    """Base of all errors whose `message` may be shown to a person.

    `hint` says what to do next, `log` holds what only the operator should read.
    """

    code = "error"
    status = 500

    def __init__(self, message: str, *, hint: str = "", log: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.log = log or message


class NotFound(PortalError):
    code, status = "not-found", 404


class Refused(PortalError):
    code, status = "refused", 409


class TimeIsUp(Refused):
    code = "time-is-up"


class Forbidden(PortalError):
    code, status = "forbidden", 403


class BadInput(PortalError):
    code, status = "bad-input", 422


class Unavailable(PortalError):
    code, status = "unavailable", 503
