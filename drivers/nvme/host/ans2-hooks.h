/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: what pci.c calls
 *
 * pci.c reaches the ANS2 queue path through these functions and through
 * nothing else. Each is called where a controller is set up, taken down or
 * timed out, never for a request. On any other drive each one says that the
 * generic code has to do the work, or does what the line it replaced did.
 *
 * A bool says whether this is an ANS2, and then that its work is done; an int
 * is 0 or an errno.
 *
 * The functions are in ans2-pci.c, which pci.c includes at its end.
 */

#ifndef _NVME_ANS2_HOOKS_H
#define _NVME_ANS2_HOOKS_H

struct nvme_ans2_dev;
struct nvme_dev;
struct nvme_queue;

#ifdef CONFIG_NVME_ANS2

#include <linux/apple-ans2.h>

/*
 * One interrupt for both queues, one tag space for both queues, command id
 * equal to the tag, no Identify data structures beyond CNS 1, page-aligned
 * buffers of admin commands.
 */
#define NVME_ANS2_PCI_ID						\
	{ PCI_DEVICE(APPLE_ANS2_PCI_VENDOR_ID, APPLE_ANS2_PCI_DEVICE_ID), \
	  .driver_data = NVME_QUIRK_SINGLE_VECTOR |			\
			 NVME_QUIRK_SHARED_TAGS |			\
			 NVME_QUIRK_SKIP_CID_GEN |			\
			 NVME_QUIRK_IDENTIFY_CNS |			\
			 NVME_QUIRK_ADMIN_PAGE_ALIGN }

static bool nvme_is_ans2_queue(struct nvme_queue *nvmeq);
static void __iomem *nvme_ans2_ioremap(struct nvme_dev *dev,
				       unsigned long *size);
static bool nvme_ans2_set_depths(struct nvme_dev *dev);
static unsigned int nvme_ans2_aq_depth(struct nvme_dev *dev);
static int nvme_ans2_takeover(struct nvme_dev *dev);
static int nvme_ans2_enable_ctrl(struct nvme_dev *dev);
static void nvme_ans2_disable_ctrl(struct nvme_dev *dev, bool shutdown);
static bool nvme_ans2_drain(struct nvme_dev *dev);
static void nvme_ans2_mask_irq(struct nvme_dev *dev);
static void nvme_ans2_halt(struct nvme_dev *dev);
static bool nvme_ans2_set_connecting(struct nvme_dev *dev);
static int nvme_ans2_setup_io_queues(struct nvme_dev *dev);
static bool nvme_ans2_has_io_queues(struct nvme_dev *dev);
static int nvme_ans2_wait_freeze(struct nvme_dev *dev);
static bool nvme_ans2_set_live(struct nvme_dev *dev);
static bool nvme_ans2_start_over(struct nvme_dev *dev, int result);
static bool nvme_ans2_delete_io_queues(struct nvme_dev *dev);
static int nvme_ans2_request_irq(struct nvme_queue *nvmeq);
static bool nvme_ans2_poll_cq(struct nvme_queue *nvmeq);
static void nvme_ans2_limits(struct nvme_dev *dev);
static int nvme_ans2_admin_tag_set(struct nvme_dev *dev);
static int nvme_ans2_io_tag_set(struct nvme_dev *dev);

#else /* CONFIG_NVME_ANS2 */

/* A copy of the table's next entry, so it matches nothing new. */
#define NVME_ANS2_PCI_ID						\
	{ PCI_DEVICE_CLASS(PCI_CLASS_STORAGE_EXPRESS, 0xffffff) }

static inline bool nvme_is_ans2_queue(struct nvme_queue *nvmeq)
{
	return false;
}

static inline bool nvme_ans2_set_depths(struct nvme_dev *dev)
{
	return false;
}

static inline unsigned int nvme_ans2_aq_depth(struct nvme_dev *dev)
{
	return NVME_AQ_DEPTH;
}

static inline bool nvme_ans2_drain(struct nvme_dev *dev)
{
	return false;
}

static inline void nvme_ans2_mask_irq(struct nvme_dev *dev)
{
}

static inline void nvme_ans2_halt(struct nvme_dev *dev)
{
}

static inline bool nvme_ans2_delete_io_queues(struct nvme_dev *dev)
{
	return false;
}

static inline int nvme_ans2_request_irq(struct nvme_queue *nvmeq)
{
	return -ENODEV;
}

static inline bool nvme_ans2_poll_cq(struct nvme_queue *nvmeq)
{
	return false;
}

static inline void nvme_ans2_limits(struct nvme_dev *dev)
{
}

static inline bool nvme_ans2_start_over(struct nvme_dev *dev, int result)
{
	return false;
}

/* Macros, because struct nvme_dev is not known here. */
#define nvme_ans2_ioremap(ndev, size)		\
	ioremap(pci_resource_start(to_pci_dev((ndev)->dev), 0), *(size))
#define nvme_ans2_takeover(ndev)		\
	nvme_disable_ctrl(&(ndev)->ctrl, false)
#define nvme_ans2_enable_ctrl(ndev)		nvme_enable_ctrl(&(ndev)->ctrl)
#define nvme_ans2_disable_ctrl(ndev, shutdown)	\
	nvme_disable_ctrl(&(ndev)->ctrl, shutdown)
#define nvme_ans2_set_connecting(ndev)		\
	nvme_change_ctrl_state(&(ndev)->ctrl, NVME_CTRL_CONNECTING)
#define nvme_ans2_setup_io_queues(ndev)		nvme_setup_io_queues(ndev)
#define nvme_ans2_has_io_queues(ndev)		((ndev)->online_queues > 1)
#define nvme_ans2_wait_freeze(ndev)		\
	({ nvme_wait_freeze(&(ndev)->ctrl); 0; })
#define nvme_ans2_set_live(ndev)		\
	nvme_change_ctrl_state(&(ndev)->ctrl, NVME_CTRL_LIVE)
#define nvme_ans2_admin_tag_set(ndev)					\
({									\
	struct nvme_dev *__ndev = (ndev);				\
									\
	nvme_alloc_admin_tag_set(&__ndev->ctrl, &__ndev->admin_tagset,	\
				 &nvme_mq_admin_ops,			\
				 sizeof(struct nvme_iod));		\
})
#define nvme_ans2_io_tag_set(ndev)					\
({									\
	struct nvme_dev *__ndev = (ndev);				\
									\
	nvme_alloc_io_tag_set(&__ndev->ctrl, &__ndev->tagset,		\
			      &nvme_mq_ops, nvme_pci_nr_maps(__ndev),	\
			      sizeof(struct nvme_iod));			\
})

#endif /* CONFIG_NVME_ANS2 */
#endif /* _NVME_ANS2_HOOKS_H */
