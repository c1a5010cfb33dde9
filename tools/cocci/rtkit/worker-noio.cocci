// SPDX-License-Identifier: GPL-2.0-only
/// Nothing that the worker does waits for I/O, which may be I/O of the drive
/// whose firmware it serves.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@copy@
identifier rtk, bfr;
position p;
@@
 apple_rtkit_crashlog_rx@p(struct apple_rtkit *rtk, ...)
 {
 	...
 	bfr = kzalloc(rtk->crashlog_buffer.size,
-		      GFP_KERNEL
+		      GFP_NOWAIT | __GFP_NOWARN
 		      );
 	...
 }

@script:python@
p << copy.p;
@@
hit("rtkit-noio-copy", p)

@scope@
identifier rtk, rtk_work;
statement S;
position p;
@@
 apple_rtkit_rx_work@p(...)
 {
 	...
 	struct apple_rtkit *rtk = rtk_work->rtk;
+	unsigned int noio = memalloc_noio_save();
 	S
+
+	memalloc_noio_restore(noio);
 	...
 }

@script:python@
p << scope.p;
@@
hit("rtkit-noio-scope", p)

@include@
position p;
@@
+#include <linux/sched/mm.h>
+
 #include "rtkit-internal.h"@p

@script:python@
p << include.p;
@@
hit("rtkit-noio-include", p)

@finalize:python@
@@
import sys
bad = [h for h in ("rtkit-noio-copy", "rtkit-noio-scope", "rtkit-noio-include") if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
