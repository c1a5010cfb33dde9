# SPDX-License-Identifier: GPL-2.0-only
"""The faults that a tired developer or a bad rebase makes.

One module for each file of the drivers. A fault names the function that it is
in, so that it stays good when functions move between files. It is marked as
equivalent with the reason why none of the tests can see it; one that they
could see and do not stays unmarked. SUITES of a module are the KUnit suites
that are tried first, before the others of the folder, the nearest one first.
CASES are e2e cases that are tried, in this order, when KUnit has not seen one
of its faults.
"""

from . import (ans2, ans2_pci, ans2_recover, boot, bridge, core, function,
               loan, recover, sart)

FAULTS = []
for _module in (ans2, ans2_pci, ans2_recover, core, recover, boot, loan,
                function, bridge, sart):
    for _fault in _module.FAULTS:
        _fault.cases = (*_fault.cases, *_module.CASES)
        _fault.suites = _module.SUITES
        FAULTS.append(_fault)
