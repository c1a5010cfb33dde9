// SPDX-License-Identifier: GPL-2.0-only
/// Page-aligned data buffers of admin commands, in kernels whose core has no
/// quirk for them: the ANS2's firmware of 2026 refuses others. The function that
/// is called says since 6.19 whether the queue is the admin queue.
// Confidence: High (6.12.118, 6.19; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@limit@
identifier ctrl, lim;
position p;
@@
 lim = queue_limits_start_update(ctrl->admin_q);
 nvme_set_ctrl_limits@p(ctrl, &lim, ...);
+if (ctrl->quirks & NVME_QUIRK_ADMIN_PAGE_ALIGN)
+	lim.dma_alignment = NVME_CTRL_PAGE_SIZE - 1;

@script:python@
p << limit.p;
@@
hit("admin-align-limit", p)

@finalize:python@
@@
import sys
bad = [h for h in ("admin-align-limit",) if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
