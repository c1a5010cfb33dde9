// SPDX-License-Identifier: GPL-2.0-only
/// nvme_prep_rq() takes the device as its first argument in kernels before the
/// DMA iterator (6.12 does, 7.2 does not).
// Confidence: High (6.12.118; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@prep@
expression req;
position p;
@@
 nvme_prep_rq@p(
+	nvmeq->dev,
 	req)

@script:python@
p << prep.p;
@@
hit("prep-rq", p)

@finalize:python@
@@
import sys
bad = [h for h in ("prep-rq",) if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
