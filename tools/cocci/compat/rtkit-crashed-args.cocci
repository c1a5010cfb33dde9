// SPDX-License-Identifier: GPL-2.0-only
/// The crashed callback of RTKit has got the crash log as two more arguments
/// since 6.12. Where the callback's type has one argument, drop the others
/// from the function that is put into the table.
// Apply to: drivers/pci/controller/ans/boot.c, on kernels whose
//           include/linux/soc/apple/rtkit.h has crashed(void *cookie)
// Tried: 6.12.118, spatch 1.1.1
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = 0

@table@
identifier ops, handler;
@@
 struct apple_rtkit_ops ops = {
 	.crashed = handler,
 };

@drop@
identifier table.handler;
identifier cookie, log, size;
position p;
@@
 handler@p(void *cookie
-	, const void *log, size_t size
 	)
 { ... }

@script:python@
p << drop.p;
@@
hits += len(p)

@finalize:python@
@@
import sys
if hits != 1:
    sys.stderr.write("hook rtkit-crashed-args: %d places, expected 1\n" % hits)
    sys.exit(1)
