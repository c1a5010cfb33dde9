# SPDX-License-Identifier: GPL-2.0-only
"""What a driver must be able to do on the emulated Mac.

Each case is a function. It gets a booted Mac with its root on the SSD, or, if
it starts its own, a Setup and the function that judges a Mac of it.
"""
