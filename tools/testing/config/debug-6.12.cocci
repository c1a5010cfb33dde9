// SPDX-License-Identifier: GPL-2.0-only
/// Says to lockdep that who thaws the queues of a controller is not who froze
/// them.  A reset freezes them in one thread and thaws them in another, with any
/// NVMe drive; 6.12 lets lockdep believe that the first one keeps locks, whose
/// report then turns it off.  Later kernels do the same as this.
///
/// For the test kernels with DEBUG=1 alone: see kernel.sh.
// Options: --no-includes --very-quiet

@@
@@
 nvme_start_freeze(...)
 {
 <+...
-blk_freeze_queue_start
+blk_freeze_queue_start_non_owner
 (...)
 ...+>
 }

@@
@@
 nvme_unfreeze(...)
 {
 <+...
-blk_mq_unfreeze_queue
+blk_mq_unfreeze_queue_non_owner
 (...)
 ...+>
 }
