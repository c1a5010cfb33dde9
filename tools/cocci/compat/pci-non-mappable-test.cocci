// SPDX-License-Identifier: GPL-2.0-only
/// What pci-non-mappable.cocci takes away cannot be tested.
// Apply to: drivers/pci/controller/ans/tests/bridge_kunit.c, on kernels whose
//           include/linux/pci.h has no non_mappable_bars
// Tried: 6.12.118, spatch 1.1.1
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = 0

@flag@
expression test, pdev;
position p;
@@
-	KUNIT_EXPECT_TRUE@p(test, pdev->non_mappable_bars);
+	kunit_skip(test, "this kernel lets users map every BAR");

@script:python@
p << flag.p;
@@
hits += len(p)

@finalize:python@
@@
import sys
if hits != 1:
    sys.stderr.write("hook pci-non-mappable-test: %d places, expected 1\n" % hits)
    sys.exit(1)
