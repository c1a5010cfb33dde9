// SPDX-License-Identifier: GPL-2.0-only
/// The copy of a syslog message needs no allocation: its size comes in 8 bits.
/// With the memory go its leak at a second SYSLOG_INIT, and the ZERO_SIZE_PTR
/// for a size of 0.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@init@
identifier rtk;
expression gfp;
position p;
@@
 apple_rtkit_syslog_rx_init@p(struct apple_rtkit *rtk, ...)
 {
+	BUILD_BUG_ON(FIELD_MAX(APPLE_RTKIT_SYSLOG_MSG_SIZE) > U8_MAX);
+
 	...
-	rtk->syslog_msg_buffer = kzalloc(rtk->syslog_msg_size, gfp);
 	...
 }

@script:python@
p << init.p;
@@
hit("rtkit-syslog-init", p)

@log@
identifier rtk;
position p;
@@
-	if (!rtk->syslog_msg_buffer) {
+	if (!rtk->syslog_msg_size) {
 		dev_warn@p(rtk->dev,
-		"RTKit: received syslog message but no syslog_msg_buffer\n"
+		"RTKit: received syslog message but messages have no size\n"
 		);
 		...
 	}

@script:python@
p << log.p;
@@
hit("rtkit-syslog-log", p)

@forget@
identifier rtk;
position p;
@@
-	kfree@p(rtk->syslog_msg_buffer);
-
-	rtk->syslog_msg_buffer = NULL;

@script:python@
p << forget.p;
@@
hit("rtkit-syslog-forget", p)

@free@
identifier rtk;
position p;
@@
-	kfree@p(rtk->syslog_msg_buffer);
 	kfree(rtk);

@script:python@
p << free.p;
@@
hit("rtkit-syslog-free", p)

@finalize:python@
@@
import sys
bad = [h for h in ("rtkit-syslog-init", "rtkit-syslog-log", "rtkit-syslog-forget", "rtkit-syslog-free") if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
