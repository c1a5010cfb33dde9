// SPDX-License-Identifier: GPL-2.0-only
/// A tag set asks for merging of requests by a flag in kernels that have the
/// flag (6.12 does; 7.2 merges always).
// Confidence: High (6.12.118; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@flag@
identifier set;
expression E;
position p;
@@
 set->nr_maps@p = E;
+set->flags |= BLK_MQ_F_SHOULD_MERGE;

@script:python@
p << flag.p;
@@
hit("tag-set-merge", p)

@finalize:python@
@@
import sys
bad = [h for h in ("tag-set-merge",) if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
