// SPDX-License-Identifier: GPL-2.0-only
/// The quirk bit for page-aligned data buffers of admin commands, in kernels
/// whose nvme.h has none. Linux 7.2 has it under the same name and value.
///
/// compat/nvme-admin-align-limit.cocci makes the core obey it.
// Confidence: High (6.12.118; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@bit@
@@
 enum nvme_quirks {
 	...,
 	NVME_QUIRK_DMAPOOL_ALIGN_512 = ...,
+	NVME_QUIRK_ADMIN_PAGE_ALIGN = 0x800000,
 };

@script:python depends on bit@
@@
hit("admin-align-bit", [0])

@finalize:python@
@@
import sys
bad = [h for h in ("admin-align-bit",) if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
