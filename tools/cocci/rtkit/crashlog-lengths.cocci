// SPDX-License-Identifier: GPL-2.0-only
/// Lengths in a crash log are checked before they are used: a section is in the
/// log, and none is printed that is too short for its kind.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

@str@
identifier rtk, bfr, size, idx;
position p;
@@
 apple_rtkit_crashlog_dump_str@p(struct apple_rtkit *rtk, u8 *bfr, size_t size)
 {
 	...
+	if (size < 4) {
+		dev_warn(rtk->dev, "RTKit: String section too small: 0x%zx\n",
+			 size);
+		return;
+	}
+
 	memcpy(&idx, bfr, 4);
 	...
 }

@script:python@
p << str.p;
@@
hit("rtkit-crashlog-str", p)

@time@
identifier rtk, bfr, size, crash_time;
position p;
@@
 apple_rtkit_crashlog_dump_time@p(struct apple_rtkit *rtk, u8 *bfr, size_t size)
 {
 	...
+	if (size < 8) {
+		dev_warn(rtk->dev, "RTKit: Time section too small: 0x%zx\n",
+			 size);
+		return;
+	}
+
 	memcpy(&crash_time, bfr, 8);
 	...
 }

@script:python@
p << time.p;
@@
hit("rtkit-crashlog-time", p)

@mailbox@
identifier rtk, bfr, size, entry;
position p;
@@
 apple_rtkit_crashlog_dump_mailbox@p(struct apple_rtkit *rtk, u8 *bfr,
 				     size_t size)
 {
 	...
 	struct apple_rtkit_crashlog_mbox_entry entry;
+
+	if (size < 28) {
+		dev_warn(rtk->dev, "RTKit: Mailbox section too small: 0x%zx\n",
+			 size);
+		return;
+	}
 	...
 }

@script:python@
p << mailbox.p;
@@
hit("rtkit-crashlog-mailbox", p)

@walk@
identifier rtk, bfr, size, offset, section_fourcc, section_size;
statement S;
position p;
@@
 apple_rtkit_crashlog_dump@p(struct apple_rtkit *rtk, u8 *bfr, size_t size)
 {
 	...
-	while (offset < size) {
+	while (offset + 16 <= size) {
 		memcpy(&section_fourcc, bfr + offset, 4);
 		memcpy(&section_size, bfr + offset + 12, 4);
+
+		if (section_fourcc == APPLE_RTKIT_CRASHLOG_HEADER)
+			section_size = 16;
+		/* A length counts its own header; the end marker has none. */
+		if (section_size < 16 || section_size > size - offset) {
+			dev_warn(rtk->dev,
+				 "RTKit: Crashlog is malformed at 0x%zx\n",
+				 offset);
+			return;
+		}
+		section_size -= 16;
 		S
-		offset += section_size;
+		offset += 16 + section_size;
 	}
 	...
 }

@script:python@
p << walk.p;
@@
hit("rtkit-crashlog-walk", p)

@finalize:python@
@@
import sys
want = ("rtkit-crashlog-str", "rtkit-crashlog-time", "rtkit-crashlog-mailbox",
        "rtkit-crashlog-walk")
bad = [h for h in want if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
