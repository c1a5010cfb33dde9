// SPDX-License-Identifier: GPL-2.0-only
/// A device that is coherent has a bit of its own, where there are others. Elsewhere it is
/// a member, which architectures have whose devices may be incoherent.
// Apply to: drivers/pci/controller/ans/bridge.c, on kernels whose
//           include/linux/device.h has no DEV_FLAG_DMA_COHERENT
// Tried: 6.12.118, spatch 1.1.1
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = 0

@flag@
expression dev;
position p;
@@
-	dev_set_dma_coherent@p(&dev);
+	dev.dma_coherent = true;

@script:python@
p << flag.p;
@@
hits += len(p)

@finalize:python@
@@
import sys
if hits != 1:
    sys.stderr.write("hook device-coherent: %d places, expected 1\n" % hits)
    sys.exit(1)
