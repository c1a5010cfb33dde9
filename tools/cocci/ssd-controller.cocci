// SPDX-License-Identifier: GPL-2.0-only
/// nvme-apple is registered where it was chosen to drive the SSD.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@driver@
declarer name module_platform_driver;
declarer name module_apple_ssd_driver;
identifier drv;
position p;
@@
-module_platform_driver(drv@p);
+module_apple_ssd_driver(drv, APPLE_SSD_NVME_APPLE);

@script:python@
p << driver.p;
@@
hit("ssd-controller", p)

@include@
position p;
@@
+#include <linux/apple-ssd.h>
 #include <linux/async.h>@p

@script:python@
p << include.p;
@@
hit("ssd-controller-include", p)

@finalize:python@
@@
import sys
bad = [h for h in ("ssd-controller", "ssd-controller-include") if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
