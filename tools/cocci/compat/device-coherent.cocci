// SPDX-License-Identifier: GPL-2.0-only
/// A device that is coherent has a bit of its own, where there are others.
/// Elsewhere it is a member, on architectures whose devices may be incoherent.
// Apply to: drivers/pci/controller/ans/bridge.c, on kernels whose
//           include/linux/device.h has no DEV_FLAG_DMA_COHERENT
// Tried: 6.12.118, spatch 1.1.1
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = 0

@flag@
position p;
@@
 #include "bridge.h"@p
+
+#ifdef CONFIG_ARM64
+#define dev_set_dma_coherent(dev)	((dev)->dma_coherent = true)
+#else
+#define dev_set_dma_coherent(dev)	((void)(dev))
+#endif

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
