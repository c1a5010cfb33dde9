// SPDX-License-Identifier: GPL-2.0-only
/// The name of the quirk bit that compat/nvme-admin-align-bit.cocci adds, in
/// kernels whose nvme.h names each of them in a switch: the compiler complains
/// of one that is left out. Linux 7.2 has it under the same name.
// Confidence: High (7.0, 7.1; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

// Both lines of the case before: what is added alone goes onto one line.
@naming@
identifier quirk;
expression E;
position p;
@@
 switch (quirk@p) {
 	case NVME_QUIRK_DMAPOOL_ALIGN_512:
-		return E;
+		return E;
+	case NVME_QUIRK_ADMIN_PAGE_ALIGN:
+		return "admin_page_align";
 }

@script:python@
p << naming.p;
@@
hit("admin-align-name", p)

@finalize:python@
@@
import sys
bad = [h for h in ("admin-align-name",) if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
