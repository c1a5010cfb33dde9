// SPDX-License-Identifier: GPL-2.0-only
/// See rx-reserve.cocci.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@include@
position p;
@@
 #include <linux/kernel.h>@p
+#include <linux/mempool.h>

@script:python@
p << include.p;
@@
hit("rtkit-rx-include", p)

@reserve@
position p;
@@
 #define APPLE_RTKIT_MAX_ENDPOINTS@p 0x100
+/* Messages that can be queued without memory: twice what a mailbox holds */
+#define APPLE_RTKIT_RX_RESERVE 32

@script:python@
p << reserve.p;
@@
hit("rtkit-rx-reserve", p)

@member@
@@
 struct apple_rtkit {
 	...
 	struct workqueue_struct *wq;
+	mempool_t rx_pool;
 };

@script:python depends on member@
@@
hit("rtkit-rx-member", [0])

@finalize:python@
@@
import sys
bad = [h for h in ("rtkit-rx-include", "rtkit-rx-reserve", "rtkit-rx-member") if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
