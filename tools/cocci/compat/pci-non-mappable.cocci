// SPDX-License-Identifier: GPL-2.0-only
/// A function can say that user space must not map its BARs since 6.15. Where
/// it cannot, do not try.
// Apply to: drivers/pci/controller/ans/bridge.c, on kernels whose
//           include/linux/pci.h has no non_mappable_bars
// Tried: 6.12.118, spatch 1.1.1
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = 0

@flag@
expression pdev;
position p;
@@
-	pdev->non_mappable_bars@p = true;

@script:python@
p << flag.p;
@@
hits += len(p)

@finalize:python@
@@
import sys
if hits != 1:
    sys.stderr.write("hook pci-non-mappable: %d places, expected 1\n" % hits)
    sys.exit(1)
