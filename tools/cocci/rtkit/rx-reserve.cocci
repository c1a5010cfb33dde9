// SPDX-License-Identifier: GPL-2.0-only
/// Some messages of the firmware can be queued when no memory is left, and it
/// is said when one is lost.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@alloc@
identifier work;
position p;
@@
(
-	work@p = kzalloc(sizeof(*work), GFP_ATOMIC);
|
-	work@p = kzalloc_obj(*work, GFP_ATOMIC);
)
-	if (!work)
+	work = mempool_alloc(&rtk->rx_pool, GFP_ATOMIC);
+	if (!work) {
+		dev_warn_ratelimited(rtk->dev,
+				     "RTKit: Message to endpoint 0x%02x lost\n",
+				     ep);
 		return;
+	}

@script:python@
p << alloc.p;
@@
hit("rtkit-rx-alloc", p)

@done@
identifier rtk_work, rtk;
position p;
@@
 apple_rtkit_rx_work@p(...)
 {
 	...
 	struct apple_rtkit *rtk = rtk_work->rtk;
 	...
-	kfree(rtk_work);
+	mempool_free(rtk_work, &rtk->rx_pool);
 }

@script:python@
p << done.p;
@@
hit("rtkit-rx-done", p)

@init@
identifier rtk, ret;
symbol free_rtk, destroy_wq;
position p;
@@
 apple_rtkit_init@p(...)
 {
 	<+...
 	if (!rtk->wq) {
 		ret = -ENOMEM;
 		goto free_rtk;
 	}
+
+	ret = mempool_init_kmalloc_pool(&rtk->rx_pool, APPLE_RTKIT_RX_RESERVE,
+					sizeof(struct apple_rtkit_rx_work));
+	if (ret)
+		goto destroy_wq;
 	...+>
 }

@script:python@
p << init.p;
@@
hit("rtkit-rx-init", p)

@unwind@
identifier rtk;
symbol destroy_wq;
position p;
@@
 destroy_wq:
 	destroy_workqueue@p(rtk->wq);
+	mempool_exit(&rtk->rx_pool);

@script:python@
p << unwind.p;
@@
hit("rtkit-rx-unwind", p)

@free@
identifier rtk;
position p;
@@
 apple_rtkit_free@p(struct apple_rtkit *rtk)
 {
 	...
 	destroy_workqueue(rtk->wq);
+	mempool_exit(&rtk->rx_pool);
 	...
 }

@script:python@
p << free.p;
@@
hit("rtkit-rx-free", p)

@finalize:python@
@@
import sys
bad = [h for h in ("rtkit-rx-alloc", "rtkit-rx-done", "rtkit-rx-init", "rtkit-rx-unwind", "rtkit-rx-free") if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
