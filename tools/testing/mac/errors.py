# SPDX-License-Identifier: GPL-2.0-only
"""What can go wrong between the host and the emulated Mac."""


class MacError(Exception):
    """The machine, its guest or the agent did not do what was asked."""


class Timeout(MacError):
    """Something did not happen in time; the text says what."""
