// SPDX-License-Identifier: GPL-2.0-only
/// Before the core asked the transport for the virtual boundary it was always
/// that of PRPs. Where the operation does not exist, take ours away.
// Apply to: drivers/nvme/host/ans2-pci.c, on kernels whose
//           drivers/nvme/host/nvme.h has no get_virt_boundary
// Tried: 6.12.118, spatch 1.1.1
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = 0

@member@
identifier ops, fn;
position p;
@@
 struct nvme_ctrl_ops ops@p = {
-	.get_virt_boundary = fn,
 };

@script:python@
p << member.p;
@@
hits += len(p)

@function@
identifier member.fn;
type T;
@@
-T fn(...)
-{ ... }

@finalize:python@
@@
import sys
if hits != 1:
    sys.stderr.write("hook nvme-virt-boundary: %d places, expected 1\n" % hits)
    sys.exit(1)
