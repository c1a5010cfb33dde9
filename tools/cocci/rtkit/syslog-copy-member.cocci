// SPDX-License-Identifier: GPL-2.0-only
/// See syslog-copy.cocci.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@member@
@@
 struct apple_rtkit {
 	...
-	char *syslog_msg_buffer;
+	/* The size of a message comes in 8 bits. */
+	char syslog_msg_buffer[U8_MAX];
 	...
 };

@script:python depends on member@
@@
hit("rtkit-syslog-member", [0])

@finalize:python@
@@
import sys
bad = [h for h in ("rtkit-syslog-member",) if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
