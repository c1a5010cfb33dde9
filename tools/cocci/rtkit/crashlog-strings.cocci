// SPDX-License-Identifier: GPL-2.0-only
/// Strings of a crash log end with their section, terminated or not.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

// The text behind the last line end
@tail@
identifier rtk, idx, ptr, end, newline;
statement S;
position p;
@@
 while (ptr < end) {
 	u8 *newline = memchr(ptr, '\n', end - ptr);
 	if (newline) S
 	else {
-		dev_warn@p(rtk->dev, "RTKit: Message (id=%x): %s", idx, ptr);
+		dev_warn(rtk->dev, "RTKit: Message (id=%x): %.*s\n", idx,
+			 (int)(end - ptr), ptr);
 		break;
 	}
 }

@script:python@
p << tail.p;
@@
hit("rtkit-strings-tail", p)

@version@
identifier rtk, bfr, size;
position p;
@@
 apple_rtkit_crashlog_dump_version@p(struct apple_rtkit *rtk, u8 *bfr,
 				     size_t size)
 {
-	dev_warn(rtk->dev, "RTKit: Version: %s", bfr + 16);
+	if (size < 16) {
+		dev_warn(rtk->dev, "RTKit: Version section too small: 0x%zx\n",
+			 size);
+		return;
+	}
+
+	dev_warn(rtk->dev, "RTKit: Version: %.*s\n", (int)(size - 16),
+		 bfr + 16);
 }

@script:python@
p << version.p;
@@
hit("rtkit-strings-version", p)

@finalize:python@
@@
import sys
want = ("rtkit-strings-tail", "rtkit-strings-version")
bad = [h for h in want if hits.get(h, 0) != 1]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected 1\n"
                     % (hook, hits.get(hook, 0)))
if bad:
    sys.exit(1)
