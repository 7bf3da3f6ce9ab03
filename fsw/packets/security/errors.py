"""Errors of the secured channel. What a sender may have forged is never an exception: it is a `Rejected` value.

SecurityError
|-- KeyRefused    a key file that others may read, or that holds no key
|-- StoreFailed   the store could not read or keep a counter
|-- CounterLost   no durable counter: sealing again could use one twice
`-- Exhausted     the counter has run out: the key must be changed
"""

from __future__ import annotations


class SecurityError(Exception):
    """The channel cannot be used as asked."""


class KeyRefused(SecurityError):
    """A key file that others may read, or that holds no key."""


class StoreFailed(SecurityError):
    """The store could not read or keep a counter."""


class CounterLost(SecurityError):
    """No durable counter: sealing again could use one twice."""


class Exhausted(SecurityError):
    """The counter has run out: the key must be changed."""
