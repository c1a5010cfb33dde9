// SPDX-License-Identifier: GPL-2.0-only
/// A syslog message is read from an entry that lies in the buffer.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@entry@
identifier rtk, idx, entry_size;
symbol done;
position p;
@@
 apple_rtkit_syslog_rx_log@p(struct apple_rtkit *rtk, ...)
 {
 	...
 	size_t entry_size = ...;
 	<+...
-	if (idx > rtk->syslog_n_entries) {
+	if (idx >= rtk->syslog_n_entries) {
 		dev_warn(...);
 		goto done;
 	}
+
+	if ((idx + 1) * entry_size > rtk->syslog_buffer.size) {
+		dev_warn(rtk->dev, "RTKit: syslog entry %d beyond the buffer\n",
+			 idx);
+		goto done;
+	}
 	...+>
 }

@script:python@
p << entry.p;
@@
hit("rtkit-syslog-entry", p)

@finalize:python@
@@
import sys
bad = [h for h in ("rtkit-syslog-entry",) if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
