// SPDX-License-Identifier: GPL-2.0-only
/// The queue path itself: its file becomes part of pci.c, and the id of the
/// ANS2 function selects it.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@ids@
identifier table;
position p;
@@
 struct pci_device_id table@p[] = {
 	...,
+	NVME_ANS2_PCI_ID,
 	{ PCI_DEVICE_CLASS(PCI_CLASS_STORAGE_EXPRESS, 0xffffff) },
 	...
 };

@script:python@
p << ids.p;
@@
hit("ids", p)

@path@
declarer name module_exit;
identifier fn;
position p;
@@
 module_exit(fn@p);
+#ifdef CONFIG_NVME_ANS2
+#include "ans2-pci.c"
+#include "ans2-recover.c"
+#endif

@script:python@
p << path.p;
@@
hit("path", p)

@finalize:python@
@@
import sys
bad = [h for h in ("ids", "path") if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
