/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: trace events of the platform driver
 */

#undef TRACE_SYSTEM
#define TRACE_SYSTEM apple_ans2

#if !defined(_APPLE_ANS_TRACE_H_) || defined(TRACE_HEADER_MULTI_READ)
#define _APPLE_ANS_TRACE_H_

#include <linux/device.h>
#include <linux/tracepoint.h>

TRACE_EVENT(ans_boot,
	    TP_PROTO(struct device *dev, bool adopted, int ret),
	    TP_ARGS(dev, adopted, ret),
	    TP_STRUCT__entry(__string(name, dev_name(dev))
			     __field(bool, adopted)
			     __field(int, ret)),
	    TP_fast_assign(__assign_str(name);
			   __entry->adopted = adopted;
			   __entry->ret = ret;),
	    TP_printk("%s: found %s, ret=%d",
		      __get_str(name), __entry->adopted ? "running" : "stopped",
		      __entry->ret)
);

TRACE_EVENT(ans_sleep,
	    TP_PROTO(struct device *dev, int ret),
	    TP_ARGS(dev, ret),
	    TP_STRUCT__entry(__string(name, dev_name(dev))
			     __field(int, ret)),
	    TP_fast_assign(__assign_str(name);
			   __entry->ret = ret;),
	    TP_printk("%s: ret=%d",
		      __get_str(name), __entry->ret)
);

TRACE_EVENT(ans_buffer,
	    TP_PROTO(struct device *dev, size_t size, u64 dma, int ret),
	    TP_ARGS(dev, size, dma, ret),
	    TP_STRUCT__entry(__string(name, dev_name(dev))
			     __field(size_t, size)
			     __field(u64, dma)
			     __field(int, ret)),
	    TP_fast_assign(__assign_str(name);
			   __entry->size = size;
			   __entry->dma = dma;
			   __entry->ret = ret;),
	    TP_printk("%s: size=0x%zx dma=0x%llx ret=%d",
		      __get_str(name), __entry->size, __entry->dma,
		      __entry->ret)
);

TRACE_EVENT(ans_crash,
	    TP_PROTO(struct device *dev, const char *stage),
	    TP_ARGS(dev, stage),
	    TP_STRUCT__entry(__string(name, dev_name(dev))
			     __string(stage, stage)),
	    TP_fast_assign(__assign_str(name);
			   __assign_str(stage);),
	    TP_printk("%s: %s",
		      __get_str(name), __get_str(stage))
);

#endif /* _APPLE_ANS_TRACE_H_ */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
