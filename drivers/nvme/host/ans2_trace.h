/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: trace events of the queue path
 */

#undef TRACE_SYSTEM
#define TRACE_SYSTEM nvme_ans2

#if !defined(_NVME_ANS2_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _NVME_ANS2_TRACE_H

#include <linux/device.h>
#include <linux/tracepoint.h>

TRACE_EVENT(nvme_ans2_lost_irq,
	    TP_PROTO(struct device *dev, unsigned int qid),
	    TP_ARGS(dev, qid),
	    TP_STRUCT__entry(__string(name, dev_name(dev))
			     __field(unsigned int, qid)),
	    TP_fast_assign(__assign_str(name);
			   __entry->qid = qid;),
	    TP_printk("%s: queue %u", __get_str(name), __entry->qid)
);

#endif /* _NVME_ANS2_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE ans2_trace

#include <trace/define_trace.h>
