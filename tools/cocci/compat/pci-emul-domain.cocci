// SPDX-License-Identifier: GPL-2.0-only
/// Host bridges that are emulated get the number of their PCI domain from an
/// allocator since a kernel after 6.12. Where there is none, the first number
/// of the range is taken, which nobody else has on these machines.
// Apply to: drivers/pci/controller/ans/bridge.c, on kernels whose
//           include/linux/pci.h has no pci_bus_find_emul_domain_nr()
// Tried: 6.12.118, spatch 1.1.1
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = 0

@domain@
expression first;
position p;
@@
-pci_bus_find_emul_domain_nr@p(0, first, INT_MAX)
+first

@script:python@
p << domain.p;
@@
hits += len(p)

@finalize:python@
@@
import sys
if hits != 1:
    sys.stderr.write("hook pci-emul-domain: %d places, expected 1\n" % hits)
    sys.exit(1)
