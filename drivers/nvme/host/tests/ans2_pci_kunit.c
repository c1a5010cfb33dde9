// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the Apple ANS2's queue path in nvme-pci: set-up, requests,
 * completions, interrupt
 *
 * ans2-recover.c includes this file. See ans2_pci_fixture.c.
 */

#include <linux/kernfs.h>
#include <linux/vmalloc.h>

#define T_ID		" identify"
#define T_MORE(text)	" identify" text
#define T_SCAN		T_MORE(T_MORE(T_ID))
#define T_NO_SQ		"on identify log set create-cq create-sq" T_DOWN_CQ
#define T_DOWN_CQ	" delete-cq shutdown off"
#define T_START		"on identify log set create-cq create-sq" T_SCAN

/*
 * Set-up
 */

static void probe_in_order(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_plug(test);
	KUNIT_EXPECT_TRUE(test, fake_bind(&t->fake));
	pci_test_expect_log(test, T_START);
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 0);
}

static void queues_have_the_depth_of_the_hardware(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	KUNIT_EXPECT_EQ(test, t->dev->queues[0].q_depth, 2);
	KUNIT_EXPECT_EQ(test, t->dev->queues[1].q_depth, 64);
	KUNIT_EXPECT_EQ(test, t->fake.q[1].sq_depth, 64);
	KUNIT_EXPECT_EQ(test, t->fake.q[1].cq_depth, 64);
	KUNIT_EXPECT_EQ(test, t->dev->ctrl.sqsize, 63);
	KUNIT_EXPECT_EQ(test, t->dev->online_queues, 2);
	KUNIT_EXPECT_EQ(test, t->dev->admin_tagset.timeout, NVME_ADMIN_TIMEOUT);
	KUNIT_EXPECT_EQ(test, t->dev->admin_tagset.queue_depth,
			NVME_AQ_MQ_TAG_DEPTH);
	KUNIT_EXPECT_EQ(test, t->dev->tagset.timeout, NVME_IO_TIMEOUT);
	KUNIT_EXPECT_EQ(test, t->dev->tagset.queue_depth, 63);
	KUNIT_EXPECT_EQ(test, t->dev->tagset.reserved_tags, 2);
	KUNIT_EXPECT_EQ(test, t->dev->tagset.nr_hw_queues, 1);
	KUNIT_EXPECT_EQ(test, get_capacity(t->ns->disk),
			FAKE_BLOCKS * FAKE_BLOCK / 512);
}

struct handover {
	const char *name;
	struct fake_traits traits;
	u32 boot_status;
	bool bound;
	const char *log;
};

/* What nvme-pci finds, and what it makes of it. */
static const struct handover handovers[] = {
	{
		.name = "enabled",
		.traits = { .enabled = true },
		.bound = true,
		.log = "off " T_START,
	}, {
		.name = "enabled and slow",
		.traits = { .enabled = true, .off_ms = 600 },
		.bound = true,
		.log = "off " T_START,
	}, {
		.name = "enabled and stuck",
		.traits = { .enabled = true, .off_ms = -1 },
		.bound = true,
		.log = "off flr " T_START,
	}, {
		.name = "slow to become ready",
		.traits = { .ready_ms = 600 },
		.bound = true,
		.log = T_START,
	}, {
		.name = "never ready",
		.traits = { .ready_ms = -1 },
		.log = "on flr",
	}, {
		.name = "ready too late",
		.traits = { .ready_ms = 3000 },
		.log = "on flr",
	}, {
		.name = "firmware not there until it is reset",
		.boot_status = 1,
		.bound = true,
		.log = "flr " T_START,
	}, {
		.name = "firmware never there",
		.traits = { .boot_status = 1 },
		.log = "flr",
	}, {
		.name = "small window",
		.traits = { .bar_size = 0x20000 },
		.log = "",
	}, {
		.name = "window cannot be mapped",
		.traits = { .map_fails = true },
		.log = "",
	},
};

static void handover_name(const struct handover *h, char *desc)
{
	strscpy(desc, h->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(handover, handovers, handover_name);

/* CAP.TO is a second here. */
static void handover(struct kunit *test)
{
	const struct handover *h = test->param_value;
	struct pci_test *t = test->priv;
	struct fake_traits *traits = &t->fake.traits;

	traits->cap_to = 2;
	traits->enabled = h->traits.enabled;
	traits->ready_ms = h->traits.ready_ms;
	traits->off_ms = h->traits.off_ms;
	traits->map_fails = h->traits.map_fails;
	if (h->traits.bar_size)
		traits->bar_size = h->traits.bar_size;
	if (h->traits.boot_status)
		traits->boot_status = h->traits.boot_status;
	pci_test_plug(test);
	if (h->boot_status)
		fake_set(&t->fake, FAKE_BOOT_STATUS, h->boot_status);

	KUNIT_EXPECT_EQ(test, fake_bind(&t->fake), h->bound);
	pci_test_expect_log(test, h->log);
}

/* The second set-up of one controller gets no memory, and the first stays. */
static void set_up_without_memory_leaves_nothing(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct nvme_ans2_dev *ans2;
	unsigned long size = 8192;

	pci_test_start(test);
	ans2 = t->dev->ans2;
	t->fake.pdev->dev.bus_dma_limit = 1;
	KUNIT_EXPECT_NULL(test, (__force void *)nvme_ans2_ioremap(t->dev,
								  &size));
	t->fake.pdev->dev.bus_dma_limit = 0;
	KUNIT_EXPECT_PTR_EQ(test, t->dev->ans2, ans2);
	t->dev->ans2 = ans2;
	KUNIT_EXPECT_EQ(test, t->fake.unmaps, 1);
	KUNIT_EXPECT_EQ(test, size, FAKE_WINDOW_SIZE);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

/* The hooks, on a drive that is none */
static void other_drives_are_let_be(struct kunit *test)
{
	struct nvme_dev *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);
	struct nvme_queue nvmeq = { .dev = dev };

	KUNIT_ASSERT_NOT_NULL(test, dev);
	dev->q_depth = 1024;
	dev->online_queues = 3;
	dev->ctrl.sgls = 1;
	dev->ctrl.oacs = NVME_CTRL_OACS_DBBUF_SUPP;
	dev->ctrl.hmpre = 1;
	KUNIT_EXPECT_FALSE(test, nvme_ans2_set_depths(dev));
	KUNIT_EXPECT_EQ(test, dev->q_depth, 1024);
	KUNIT_EXPECT_EQ(test, dev->ctrl.sqsize, 0);
	KUNIT_EXPECT_EQ(test, nvme_ans2_aq_depth(dev), 32);
	KUNIT_EXPECT_FALSE(test, nvme_ans2_drain(dev));
	KUNIT_EXPECT_FALSE(test, nvme_ans2_delete_io_queues(dev));
	KUNIT_EXPECT_FALSE(test, nvme_ans2_poll_cq(&nvmeq));
	KUNIT_EXPECT_FALSE(test, nvme_ans2_start_over(dev, -EIO));
	nvme_ans2_mask_irq(dev);
	nvme_ans2_halt(dev);
	nvme_ans2_limits(dev);
	KUNIT_EXPECT_EQ(test, dev->ctrl.sgls, 1);
	KUNIT_EXPECT_EQ(test, dev->ctrl.oacs, NVME_CTRL_OACS_DBBUF_SUPP);
	KUNIT_EXPECT_EQ(test, dev->ctrl.hmpre, 1);
}

struct mishap {
	const char *name;
	struct fake_rule rule;
	const char *log;
};

/* Commands that fail while the driver is bound. */
static const struct mishap mishaps[] = {
	{
		.name = "Identify",
		.rule = { .opcode = nvme_admin_identify },
		.log = "on identify shutdown off",
	}, {
		.name = "Set Features",
		.rule = { .opcode = nvme_admin_set_features },
		.log = "on identify log set shutdown off",
	}, {
		.name = "Create CQ",
		.rule = { .opcode = nvme_admin_create_cq },
		.log = "on identify log set create-cq shutdown off",
	}, {
		.name = "Create SQ",
		.rule = { .opcode = nvme_admin_create_sq },
		.log = T_NO_SQ,
	},
};

static void mishap_name(const struct mishap *m, char *desc)
{
	strscpy(desc, m->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(mishap, mishaps, mishap_name);

static void probe_fails_and_leaves_nothing(struct kunit *test)
{
	const struct mishap *m = test->param_value;
	struct fake_rule rule = m->rule;
	struct pci_test *t = test->priv;

	rule.times = 1;
	rule.act = FAKE_FAIL;
	rule.status = NVME_SC_INTERNAL;
	fake_add_rule(&t->fake, &rule);
	pci_test_plug(test);
	KUNIT_EXPECT_FALSE(test, fake_bind(&t->fake));
	pci_test_expect_log(test, m->log);
	pci_test_unbind(test);

	/* and the next time it works */
	pci_test_bind(test);
}

struct promise {
	const char *name;
	struct fake_traits traits;
	const char *log;
};

/* What Identify may promise and this path cannot do. */
static const struct promise promises[] = {
	{
		.name = "SGLs",
		.traits = { .sgls = NVME_CTRL_SGLS_MSDS | 1 },
		.log = T_START,
	}, {
		.name = "SGLs for metadata",
		.traits = { .sgls = NVME_CTRL_SGLS_MSDS | 3 << 18 | 1 },
		.log = T_START,
	}, {
		.name = "doorbell buffers",
		.traits = { .oacs = NVME_CTRL_OACS_DBBUF_SUPP },
		.log = T_START,
	}, {
		.name = "host memory",
		.traits = { .hmpre = 1024 },
		.log = T_START,
	}, {
		.name = "events",
		.traits = { .oaes = NVME_AEN_CFG_NS_ATTR },
		.log = "on identify log set create-cq create-sq set" T_SCAN,
	}, {
		.name = "queues",
		.traits = { .queues = 64 },
		.log = T_START,
	}, {
		.name = "no write cache",
		.traits = { .no_cache = true },
		.log = T_START,
	},
};

static void promise_name(const struct promise *p, char *desc)
{
	strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(promise, promises, promise_name);

static void pci_test_promise(struct pci_test *t, const struct fake_traits *p)
{
	struct fake_traits *traits = &t->fake.traits;

	traits->sgls = p->sgls;
	traits->oacs = p->oacs;
	traits->oaes = p->oaes;
	traits->hmpre = p->hmpre;
	traits->no_cache = p->no_cache;
	traits->queues = p->queues ?: 1;
}

static void promise_is_not_believed(struct kunit *test)
{
	const struct promise *p = test->param_value;
	void *buf = kunit_kzalloc(test, 16 * FAKE_BLOCK, GFP_KERNEL);
	struct pci_test *t = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	pci_test_promise(t, &p->traits);
	pci_test_plug(test);
	KUNIT_ASSERT_TRUE(test, fake_bind(&t->fake));
	pci_test_expect_log(test, p->log);

	t->dev = pci_get_drvdata(t->fake.pdev);
	t->ns = pci_test_ns(t->dev);
	KUNIT_ASSERT_NOT_NULL(test, t->ns);
	KUNIT_EXPECT_EQ(test, queue_virt_boundary(t->ns->queue), 4095);
	KUNIT_EXPECT_EQ(test, queue_virt_boundary(t->dev->ctrl.admin_q), 4095);
	KUNIT_EXPECT_EQ(test, t->dev->online_queues, 2);
	KUNIT_EXPECT_EQ(test, t->dev->ctrl.max_integrity_segments, 1);
	KUNIT_EXPECT_EQ(test, pci_test_write(t, 5, buf, 16), 0);
	KUNIT_EXPECT_EQ(test, pci_test_read(t, 5, buf, 16), 0);

	/* nor after a reset */
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_EQ(test, queue_virt_boundary(t->ns->queue), 4095);
	KUNIT_EXPECT_EQ(test, pci_test_read(t, 5, buf, 16), 0);
}

/* A TCB has no field for it, so such a namespace has nothing to offer. */
static void namespace_with_metadata_is_empty(struct kunit *test)
{
	struct pci_test *t = test->priv;

	t->fake.traits.meta = 8;
	pci_test_plug(test);
	KUNIT_ASSERT_TRUE(test, fake_bind(&t->fake));
	t->dev = pci_get_drvdata(t->fake.pdev);
	t->ns = pci_test_ns(t->dev);
	KUNIT_ASSERT_NOT_NULL(test, t->ns);
	KUNIT_EXPECT_EQ(test, get_capacity(t->ns->disk), 0);
}

/* Nobody knows what the register does, whatever CAP says of it. */
static void subsystem_is_not_reset(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	KUNIT_EXPECT_TRUE(test, t->dev->ctrl.subsystem);
	KUNIT_EXPECT_EQ(test, nvme_reset_subsystem(&t->dev->ctrl), -ENOTTY);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

static void attribute_shows_lost_interrupts(struct kunit *test)
{
	char *page = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct pci_test *t = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, page);
	pci_test_start(test);
	t->dev->ans2->lost_irqs = 17;
	dev_attr_ans2_lost_interrupts.show(t->dev->ctrl.device,
					   &dev_attr_ans2_lost_interrupts,
					   page);
	KUNIT_EXPECT_STREQ(test, page, "17\n");
}

static void attribute_is_there(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct kernfs_node *file;

	pci_test_start(test);
	file = kernfs_find_and_get(t->dev->ctrl.device->kobj.sd,
				   "ans2_lost_interrupts");
	KUNIT_EXPECT_NOT_NULL(test, file);
	kernfs_put(file);
}

static void parameter_reaches_the_controller(struct kunit *test)
{
	struct pci_test *t = test->priv;
	bool before = ans2_stat_per_batch;

	ans2_stat_per_batch = true;
	pci_test_start(test);
	ans2_stat_per_batch = before;
	KUNIT_EXPECT_TRUE(test, t->dev->ans2->hw.stat_per_batch);
}

/* Whatever bit the core waits for, this is no answer to wait on for. */
static void registers_of_a_dead_controller_are_all_ones(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct nvme_ctrl *ctrl;
	u32 val = 0;

	pci_test_start(test);
	ctrl = &t->dev->ctrl;
	KUNIT_EXPECT_EQ(test, ctrl->ops->reg_read32(ctrl, NVME_REG_CSTS, &val),
			0);
	KUNIT_EXPECT_EQ(test, val, NVME_CSTS_RDY);
	fake_fail(&t->fake, FAKE_CRASH, 0);
	KUNIT_EXPECT_EQ(test, ctrl->ops->reg_read32(ctrl, NVME_REG_CSTS, &val),
			0);
	KUNIT_EXPECT_EQ(test, val, ~0u);
}

/*
 * Data
 */

struct transfer {
	unsigned int blocks;
	unsigned int offset;
	bool scattered;
};

/* One page, two, a list; lists of one pool and of the other; the largest. */
static const struct transfer transfers[] = {
	{ 1, 0 }, { 1, 4 }, { 1, 2048 }, { 2, 0 }, { 2, 512 }, { 3, 0 },
	{ 16, 4092 }, { 33, 0 }, { 64, 4 }, { 256, 0 },
	{ 1, 0, true }, { 2, 8, true }, { 5, 0, true }, { 32, 0, true },
	{ 64, 1024, true },
};

static void transfer_name(const struct transfer *x, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u blocks at %u%s", x->blocks,
		 x->offset, x->scattered ? ", scattered" : "");
}

KUNIT_ARRAY_PARAM(transfer, transfers, transfer_name);

static void *pci_test_buf(struct kunit *test, const struct transfer *x)
{
	size_t size = x->blocks * FAKE_BLOCK + x->offset;
	void *buf = x->scattered ? vzalloc(size) : kvzalloc(size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, (kunit_action_t *)
							kvfree, buf), 0);
	return buf + x->offset;
}

static void written_data_are_on_the_disk(struct kunit *test)
{
	const struct transfer *x = test->param_value;
	size_t len = x->blocks * FAKE_BLOCK;
	struct pci_test *t = test->priv;
	u8 *buf = pci_test_buf(test, x);
	u8 *again = pci_test_buf(test, x);
	size_t i;

	pci_test_start(test);
	for (i = 0; i < len; i++)
		buf[i] = i * 7 + i / FAKE_BLOCK;
	KUNIT_EXPECT_EQ(test, pci_test_write(t, 9, buf, x->blocks), 0);
	KUNIT_EXPECT_TRUE(test, !memcmp(buf, t->fake.disk + 9 * FAKE_BLOCK,
					len));
	KUNIT_EXPECT_EQ(test, t->fake.disk[9 * FAKE_BLOCK - 1], 0);
	KUNIT_EXPECT_EQ(test, t->fake.disk[9 * FAKE_BLOCK + len], 0);
	KUNIT_EXPECT_EQ(test, pci_test_read(t, 9, again, x->blocks), 0);
	KUNIT_EXPECT_TRUE(test, !memcmp(buf, again, len));
}

static void failed_command_ends_with_its_status(struct kunit *test)
{
	struct pci_test *t = test->priv;
	u8 *buf = kunit_kzalloc(test, FAKE_BLOCK, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	pci_test_start(test);
	fake_add_rule(&t->fake, &(struct fake_rule){
		.qid = 1, .opcode = nvme_cmd_read, .times = 1,
		.act = FAKE_FAIL, .status = 0x281 });
	KUNIT_EXPECT_EQ(test, pci_test_read(t, 0, buf, 1), 0x281);
	KUNIT_EXPECT_EQ(test, pci_test_read(t, 0, buf, 1), 0);
	pci_test_expect_log(test, "");
}

static const bool schedulers[] = { false, true };

static void scheduler_name(const bool *scheduled, char *desc)
{
	strscpy(desc, *scheduled ? "scheduler" : "batches",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(scheduler, schedulers, scheduler_name);

/* Those in flight have all tags that there are, and no other. */
static void crowd_uses_all_tags(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bios;
	unsigned int i;
	u8 *buf;

	t->scheduled = *(const bool *)test->param_value;
	buf = kunit_kzalloc(test, 61 * FAKE_BLOCK, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	pci_test_start(test);
	for (i = 0; i < 61; i++)
		memset(buf + i * FAKE_BLOCK, i + 1, FAKE_BLOCK);
	fake_add_rule(&t->fake, &(struct fake_rule){
		.qid = 1, .opcode = nvme_cmd_write, .act = FAKE_HOLD });
	bios = pci_test_bios(test, REQ_OP_WRITE, buf, 61);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1) == 61));
	KUNIT_EXPECT_EQ(test, t->fake.q[1].held, 0x7ffffffffffffffcull);
	fake_release(&t->fake);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(ans2_bios_ended(bios, 61)));
	for (i = 0; i < 61; i++) {
		KUNIT_EXPECT_FALSE(test, !!bios[i].bio.bi_status);
		KUNIT_EXPECT_EQ(test, t->fake.disk[2 * i * FAKE_BLOCK], i + 1);
	}
}

static void flush_goes_to_the_controller(struct kunit *test)
{
	struct pci_test *t = test->priv;
	unsigned int ios;

	pci_test_start(test);
	ios = t->fake.ios;
	KUNIT_EXPECT_EQ(test, blkdev_issue_flush(t->ns->disk->part0), 0);
	KUNIT_EXPECT_EQ(test, t->fake.ios, ios + 1);
}

/*
 * The admin tag
 */

static void admin_commands_go_one_by_one(struct kunit *test)
{
	struct ans2_job *first, *jobs[5];
	struct pci_test *t = test->priv;
	unsigned int i;

	pci_test_start(test);
	fake_add_rule(&t->fake, &(struct fake_rule){
		.opcode = nvme_admin_identify, .times = 1, .act = FAKE_HOLD });
	first = pci_test_admin_job(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 0)));
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		jobs[i] = pci_test_admin_job(test);
	msleep(20);
	pci_test_expect_log(test, "identify");
	fake_release(&t->fake);
	pci_test_expect_end(test, first, 0);
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		pci_test_expect_end(test, jobs[i], 0);
	pci_test_expect_log(test, "identify" T_ID T_ID T_ID T_ID T_ID);
}

static bool pci_test_longest(struct request *req, void *data)
{
	unsigned int *longest = data;

	*longest = max(*longest, req->timeout);
	return true;
}

/* An admin command of the kernel has no longer time-out than I/O. */
static void admin_time_out_is_that_of_io(struct kunit *test)
{
	struct pci_test *t = test->priv;
	unsigned int longest = 0;

	admin_timeout = 50;
	nvme_io_timeout = 20;
	pci_test_start(test);
	fake_add_rule(&t->fake, &(struct fake_rule){
		.opcode = FAKE_ANY, .act = FAKE_HOLD });
	pci_test_admin_job(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 0)));
	blk_mq_tagset_busy_iter(&t->dev->admin_tagset, pci_test_longest,
				&longest);
	KUNIT_EXPECT_EQ(test, longest, 20 * HZ);
	fake_release(&t->fake);

	longest = 0;
	pci_test_user_job(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 0)));
	blk_mq_tagset_busy_iter(&t->dev->admin_tagset, pci_test_longest,
				&longest);
	KUNIT_EXPECT_EQ(test, longest, 50 * HZ);
}

/* One that waited for the tag while the controller was reset, for example. */
static void late_deletion_is_not_sent(struct kunit *test)
{
	struct nvme_queue *ioq;
	struct pci_test *t = test->priv;
	struct nvme_command harmless = pci_test_harmless();

	pci_test_start(test);
	ioq = &t->dev->queues[1];
	KUNIT_EXPECT_EQ(test, nvme_delete_queue(ioq, nvme_admin_delete_sq), 0);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&ioq->delete_done,
							  HZ), 0);
	KUNIT_EXPECT_EQ(test, nvme_delete_queue(ioq, nvme_admin_delete_cq), 0);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&ioq->delete_done,
							  HZ), 0);
	KUNIT_EXPECT_TRUE(test, test_and_clear_bit(NVMEQ_DELETE_ERROR,
						   &ioq->flags));
	pci_test_expect_log(test, "");
	/* It did not keep the tag. */
	KUNIT_EXPECT_EQ(test, pci_test_user(t->dev->ctrl.admin_q, &harmless),
			0);
	pci_test_expect_log(test, "get");
}

/*
 * Commands that are not sent
 */

/* A start that was cut off has enabled the queue again. */
static void stopped_controller_gets_no_admin_command(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	flush_work(&t->dev->ctrl.scan_work);
	t->dev->ans2->hw.live = false;
	pci_test_expect_end(test, pci_test_log_job(test), -EIO);
	t->dev->ans2->hw.live = true;
	pci_test_expect_end(test, pci_test_log_job(test), 0);
	pci_test_expect_log(test, "log");
}

struct forbidden {
	u8 opcode;
	u32 cdw10;
	u16 status;
};

static const struct forbidden forbidden[] = {
	{ 0x00, 1,	0x4001 },	/* Delete SQ */
	{ 0x01, 1,	0x4001 },
	{ 0x04, 1,	0x4001 },
	{ 0x05, 1,	0x4001 },
	{ 0x08, 0,	0x4001 },	/* Abort */
	{ 0x0c, 0,	0x4001 },	/* Asynchronous Event Request */
	{ 0x1c, 0,	0x4001 },	/* Virtualization Management */
	{ 0x7c, 0,	0x4001 },	/* Doorbell Buffer Config */
	{ 0x09, 0x07,	0x4002 },	/* Set Features: Number of Queues */
	{ 0x09, 0x08,	0x4002 },
	{ 0x09, 0x09,	0x4002 },
	{ 0x09, 0x0b,	0x4002 },
	{ 0x09, 0x0d,	0x4002 },
	{ 0x09, 0x0f,	0x4002 },
	{ 0x09, 0x16,	0x4002 },
	{ 0x09, 0x80000007, 0x4002 },	/* with Save */
	{ 0x09, 0x04,	0 },
	{ 0x09, 0x06,	0 },
	{ 0x0a, 0x07,	0 },		/* Get Features */
};

static void forbidden_name(const struct forbidden *f, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "opcode %#x dword 10 %#x",
		 f->opcode, f->cdw10);
}

KUNIT_ARRAY_PARAM(forbidden, forbidden, forbidden_name);

static void user_command_is_refused(struct kunit *test)
{
	const struct forbidden *f = test->param_value;
	struct nvme_command harmless = pci_test_harmless();
	struct pci_test *t = test->priv;
	struct nvme_command cmd = { };

	cmd.common.opcode = f->opcode;
	cmd.common.cdw10 = cpu_to_le32(f->cdw10);
	pci_test_start(test);
	KUNIT_EXPECT_EQ(test, pci_test_user(t->dev->ctrl.admin_q, &cmd),
			f->status);
	if (f->status)
		pci_test_expect_log(test, "");
	/* It did not keep the tag, nor its request. */
	KUNIT_EXPECT_EQ(test, pci_test_user(t->dev->ctrl.admin_q, &harmless),
			0);
	KUNIT_EXPECT_EQ(test, pci_test_busy(t), 0);
}

static void metadata_are_refused(struct kunit *test)
{
	struct nvme_command cmd = { };
	struct pci_test *t = test->priv;
	unsigned int ios;

	pci_test_start(test);
	ios = t->fake.ios;
	cmd.common.opcode = nvme_cmd_flush;
	cmd.common.nsid = cpu_to_le32(1);
	cmd.common.metadata = cpu_to_le64(0x1000);
	KUNIT_EXPECT_EQ(test, pci_test_user(t->ns->queue, &cmd), 0x4002);
	KUNIT_EXPECT_EQ(test, t->fake.ios, ios);
	cmd.common.metadata = 0;
	KUNIT_EXPECT_EQ(test, pci_test_user(t->ns->queue, &cmd), 0);

	cmd = pci_test_harmless();
	cmd.common.metadata = cpu_to_le64(0x1000);
	KUNIT_EXPECT_EQ(test, pci_test_user(t->dev->ctrl.admin_q, &cmd),
			0x4002);
	cmd.common.metadata = 0;
	KUNIT_EXPECT_EQ(test, pci_test_user(t->dev->ctrl.admin_q, &cmd), 0);
	pci_test_expect_log(test, "get");
}

/* A flush, to be sent in a batch. Whoever ends it frees it. */
static struct request *pci_test_flush(struct kunit *test, u64 metadata)
{
	struct nvme_command cmd = { };
	struct pci_test *t = test->priv;
	struct request *req;

	cmd.common.opcode = nvme_cmd_flush;
	cmd.common.nsid = cpu_to_le32(1);
	cmd.common.metadata = cpu_to_le64(metadata);
	req = blk_mq_alloc_request(t->ns->queue, REQ_OP_DRV_OUT, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(req));
	nvme_init_request(req, &cmd);
	return req;
}

static void batch_goes_on_after_a_refusal(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct rq_list list = { };
	unsigned int i, ios;

	pci_test_start(test);
	ios = t->fake.ios;
	for (i = 0; i < 3; i++)
		rq_list_add_tail(&list, pci_test_flush(test, i == 1 ? 8 : 0));
	nvme_ans2_queue_rqs(&list);
	KUNIT_EXPECT_TRUE(test, rq_list_empty(&list));
	KUNIT_EXPECT_TRUE(test, T_UNTIL(!pci_test_busy(t)));
	KUNIT_EXPECT_EQ(test, t->fake.ios, ios + 2);
}

/* What cannot be sent now stays with the caller, and nothing is started. */
static void batch_of_a_disabled_queue_comes_back(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct rq_list list = { };
	unsigned int i, ios;

	pci_test_start(test);
	ios = t->fake.ios;
	for (i = 0; i < 2; i++)
		rq_list_add_tail(&list, pci_test_flush(test, 0));
	clear_bit(NVMEQ_ENABLED, &t->dev->queues[1].flags);
	nvme_ans2_queue_rqs(&list);
	set_bit(NVMEQ_ENABLED, &t->dev->queues[1].flags);
	KUNIT_EXPECT_EQ(test, t->fake.ios, ios);
	for (i = 0; i < 2; i++) {
		struct request *req = rq_list_pop(&list);

		KUNIT_ASSERT_NOT_NULL(test, req);
		KUNIT_EXPECT_FALSE(test, blk_mq_request_started(req));
		blk_mq_free_request(req);
	}
	KUNIT_EXPECT_TRUE(test, rq_list_empty(&list));
}

/* I/O waits for the queue. */
static void disabled_queue_takes_nothing(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned int ios;

	pci_test_start(test);
	ios = t->fake.ios;
	clear_bit(NVMEQ_ENABLED, &t->dev->queues[1].flags);
	bio = pci_test_bio(test);
	msleep(50);
	KUNIT_EXPECT_FALSE(test, ans2_bios_ended(bio, 1));
	KUNIT_EXPECT_EQ(test, t->fake.ios, ios);
	set_bit(NVMEQ_ENABLED, &t->dev->queues[1].flags);
	pci_test_expect_bio(test, bio, 0);
}

/* It might be done behind what the driver does to start the controller. */
static void user_command_during_a_reset_is_refused(struct kunit *test)
{
	struct nvme_command harmless = pci_test_harmless();
	struct pci_test *t = test->priv;
	struct nvme_ctrl *ctrl;

	pci_test_start(test);
	ctrl = &t->dev->ctrl;
	nvme_change_ctrl_state(ctrl, NVME_CTRL_RESETTING);
	KUNIT_EXPECT_EQ(test, pci_test_user(ctrl->admin_q, &harmless),
			NVME_SC_HOST_PATH_ERROR);
	pci_test_expect_log(test, "");
	nvme_change_ctrl_state(ctrl, NVME_CTRL_CONNECTING);
	nvme_change_ctrl_state(ctrl, NVME_CTRL_LIVE);
	KUNIT_EXPECT_EQ(test, pci_test_user(ctrl->admin_q, &harmless), 0);
}

/*
 * Memory that cannot be mapped
 */

static void pci_test_need_swiotlb(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_SWIOTLB))
		kunit_skip(test, "mapping cannot be made to fail");
}

static void io_without_memory_is_tried_again(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;
	unsigned int ios;

	pci_test_need_swiotlb(test);
	pci_test_start(test);
	ios = t->fake.ios;
	pci_test_fail_mapping(t, true);
	job = pci_test_read_job(test, 1);
	msleep(30);
	KUNIT_EXPECT_FALSE(test, ans2_job_ended(job));
	/* Others are not held up. */
	KUNIT_EXPECT_EQ(test, blkdev_issue_flush(t->ns->disk->part0), 0);
	KUNIT_EXPECT_EQ(test, t->fake.ios, ios + 1);
	pci_test_fail_mapping(t, false);
	pci_test_expect_end(test, job, 0);
	KUNIT_EXPECT_EQ(test, t->fake.ios, ios + 2);
}

static void batch_without_memory_is_tried_again(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bios;
	unsigned int i;
	u8 *buf;

	pci_test_need_swiotlb(test);
	buf = kunit_kzalloc(test, 20 * FAKE_BLOCK, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	pci_test_start(test);
	pci_test_fail_mapping(t, true);
	bios = pci_test_bios(test, REQ_OP_READ, buf, 20);
	msleep(30);
	KUNIT_EXPECT_FALSE(test, ans2_bios_ended(bios, 20));
	pci_test_fail_mapping(t, false);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(ans2_bios_ended(bios, 20)));
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_FALSE(test, !!bios[i].bio.bi_status);
}

/* It gives the tag back, or it would never get it again. */
static void admin_without_memory_is_tried_again(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *jobs[2];
	unsigned int i;

	pci_test_need_swiotlb(test);
	pci_test_start(test);
	pci_test_fail_mapping(t, true);
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		jobs[i] = pci_test_admin_job(test);
	msleep(30);
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		KUNIT_EXPECT_FALSE(test, ans2_job_ended(jobs[i]));
	pci_test_expect_log(test, "");
	pci_test_fail_mapping(t, false);
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		pci_test_expect_end(test, jobs[i], 0);
	pci_test_expect_log(test, "identify identify");
}

/*
 * Completions
 */

static const u16 alien_tags[] = { 0, 1, 5, 62, 63, 64, 0x8002, 0xffff };

static void alien_name(const u16 *tag, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "tag %#x", *tag);
}

KUNIT_ARRAY_PARAM(alien, alien_tags, alien_name);

/* Tag 5 is not the first that the block layer hands out. */
static void alien_completion_ends_nothing(struct kunit *test)
{
	const u16 *tag = test->param_value;
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;

	pci_test_start(test);
	fake_add_rule(&t->fake, &(struct fake_rule){
		.qid = 1, .opcode = nvme_cmd_read, .times = 1,
		.act = FAKE_ALIEN, .status = *tag });
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
	KUNIT_ASSERT_FALSE(test, t->fake.q[1].held & BIT_ULL(*tag & 63) &&
			   *tag < 64);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, ans2_bios_ended(bio, 1));
	fake_release(&t->fake);
	pci_test_expect_bio(test, bio, 0);
}

/* It was cancelled, for example. */
static void completion_without_a_request_is_ignored(struct kunit *test)
{
	struct nvme_command harmless = pci_test_harmless();
	struct pci_test *t = test->priv;
	struct nvme_ans2_round round = { };
	union nvme_result result = { };

	pci_test_start(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(!READ_ONCE(t->dev->ans2->admin)));
	round.nvmeq = &t->dev->queues[0];
	nvme_ans2_taken(&round, NVME_ANS2_ADMIN_TAG, 0, result);
	KUNIT_EXPECT_TRUE(test, rq_list_empty(&round.others));
	nvme_ans2_complete(&round);
	KUNIT_EXPECT_EQ(test, pci_test_user(t->dev->ctrl.admin_q, &harmless),
			0);
}

static void second_completion_is_ignored(struct kunit *test)
{
	struct pci_test *t = test->priv;
	u8 *buf = kunit_kzalloc(test, FAKE_BLOCK, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	pci_test_start(test);
	fake_add_rule(&t->fake, &(struct fake_rule){
		.qid = 1, .opcode = nvme_cmd_read, .act = FAKE_TWICE });
	for (i = 0; i < 40; i++)
		KUNIT_EXPECT_EQ(test, pci_test_read(t, 0, buf, 1), 0);
}

/* With the interrupt off, an entry is there whose tag is nobody's. */
static struct ans2_bio *pci_test_refused_entry(struct kunit *test,
					       enum fake_act act)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned int posted;

	flush_work(&t->dev->ctrl.scan_work);
	disable_irq(t->fake.irq);
	fake_add_rule(&t->fake, &(struct fake_rule){
		.qid = 1, .opcode = nvme_cmd_read, .times = 1,
		.act = act, .status = 63 });
	posted = t->fake.posted;
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(t->fake.posted > posted));
	return bio;
}

/* Refused entries are work, too: the line goes down with them. */
static void interrupt_of_a_refused_entry_is_handled(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	irqreturn_t ret;

	pci_test_start(test);
	bio = pci_test_refused_entry(test, FAKE_ALIEN);
	local_irq_disable();
	ret = nvme_ans2_irq(t->fake.irq, &t->dev->queues[1]);
	local_irq_enable();
	KUNIT_EXPECT_EQ(test, ret, IRQ_HANDLED);
	enable_irq(t->fake.irq);
	fake_release(&t->fake);
	pci_test_expect_bio(test, bio, 0);
}

/* A device that never stops keeps nobody. */
static void look_into_the_queue_ends(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned int posted;

	pci_test_start(test);
	bio = pci_test_refused_entry(test, FAKE_FLOOD);
	posted = t->fake.posted;
	KUNIT_EXPECT_TRUE(test, nvme_ans2_poll(&t->dev->queues[1]));
	/* What has come with its doorbell is for the next look. */
	KUNIT_EXPECT_EQ(test, t->fake.posted, posted + 1);
	fake_end_flood(&t->fake);
	enable_irq(t->fake.irq);
	fake_release(&t->fake);
	pci_test_expect_bio(test, bio, 0);
}

/* One look takes all. */
static void look_into_the_queue_takes_all(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, 61 * FAKE_BLOCK, GFP_KERNEL);
	struct pci_test *t = test->priv;
	struct ans2_bio *bios;
	unsigned int posted;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	pci_test_start(test);
	flush_work(&t->dev->ctrl.scan_work);
	disable_irq(t->fake.irq);
	KUNIT_EXPECT_FALSE(test, nvme_ans2_poll(&t->dev->queues[1]));
	posted = t->fake.posted;
	bios = pci_test_bios(test, REQ_OP_READ, buf, 61);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(t->fake.posted == posted + 61));
	KUNIT_EXPECT_TRUE(test, nvme_ans2_poll(&t->dev->queues[1]));
	KUNIT_EXPECT_FALSE(test, nvme_ans2_has_entry(&t->dev->ans2->hw, 1));
	enable_irq(t->fake.irq);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(ans2_bios_ended(bios, 61)));
}

/*
 * Interrupts
 */

/* Calls the handler of a queue without work. */
static irqreturn_t pci_test_idle(struct pci_test *t, unsigned int times)
{
	irqreturn_t ret = IRQ_NONE;

	local_irq_disable();
	while (times-- && ret == IRQ_NONE)
		ret = nvme_ans2_irq(t->fake.irq, &t->dev->queues[0]);
	local_irq_enable();
	return ret;
}

/* A healthy controller keeps its line, and the next thousand is as good. */
static void thousandth_idle_interrupt_asks(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct irq_data *line = irq_get_irq_data(t->fake.irq);

	pci_test_start(test);
	flush_work(&t->dev->ctrl.scan_work);
	t->dev->ans2->idle_irqs = 0;
	KUNIT_EXPECT_EQ(test, pci_test_idle(t, 1500), IRQ_NONE);
	KUNIT_EXPECT_EQ(test, t->dev->ans2->idle_irqs, 500);
	t->dev->ans2->idle_irqs = 0;
	fake_fail(&t->fake, FAKE_CRASH, 0);
	KUNIT_EXPECT_EQ(test, pci_test_idle(t, 999), IRQ_NONE);
	KUNIT_EXPECT_EQ(test, pci_test_idle(t, 1), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, t->dev->ans2->idle_irqs, 0);
	KUNIT_EXPECT_TRUE(test, irqd_irq_disabled(line));
}

/* Those in a row count. */
static void work_ends_a_row_of_idle_interrupts(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	flush_work(&t->dev->ctrl.scan_work);
	KUNIT_EXPECT_EQ(test, pci_test_idle(t, 400), IRQ_NONE);
	KUNIT_EXPECT_GE(test, t->dev->ans2->idle_irqs, 400);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
	KUNIT_EXPECT_LT(test, t->dev->ans2->idle_irqs, 100);
}

/* A line that others use as well, or noise. */
static void idle_interrupts_do_no_harm(struct kunit *test)
{
	struct nvme_command harmless = pci_test_harmless();
	struct pci_test *t = test->priv;
	unsigned int i;

	pci_test_start(test);
	for (i = 0; i < 5000; i++)
		KUNIT_ASSERT_EQ(test, nvme_ans2_irq(t->fake.irq,
						    &t->dev->queues[i & 1]),
				IRQ_NONE);
	KUNIT_EXPECT_EQ(test, pci_test_user(t->dev->ctrl.admin_q, &harmless),
			0);
}

/* Nobody takes the entries of a controller that is dead, so its line stays. */
static void line_of_a_dead_controller_is_taken_down(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned int irqs;

	t->storm = true;
	pci_test_start(test);
	fake_add_rule(&t->fake, &(struct fake_rule){
		.qid = 1, .opcode = nvme_cmd_read, .times = 1,
		.act = FAKE_LAST });
	irqs = t->fake.irqs;
	pci_test_expect_bio(test, pci_test_bio(test), 0);
	msleep(20);
	irqs = t->fake.irqs - irqs;
	KUNIT_EXPECT_GT(test, irqs, 100);
	KUNIT_EXPECT_LT(test, irqs, T_IDLE_IRQS);
	msleep(20);
	KUNIT_EXPECT_LT(test, t->fake.irqs, irqs + T_IDLE_IRQS);

	/* The next command finds out, and the line works again. */
	bio = pci_test_bio(test);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 1);
	flush_work(&t->dev->ctrl.scan_work);
	irqs = t->fake.irqs;
	pci_test_expect_bio(test, pci_test_bio(test), 0);
	/* Far from a storm; the core may have sent commands of its own. */
	KUNIT_EXPECT_GT(test, t->fake.irqs, irqs);
	KUNIT_EXPECT_LT(test, t->fake.irqs, irqs + 10);
}

static struct kunit_case pci_test_cases[] = {
	KUNIT_CASE(probe_in_order),
	KUNIT_CASE(queues_have_the_depth_of_the_hardware),
	KUNIT_CASE_PARAM(handover, handover_gen_params),
	KUNIT_CASE(set_up_without_memory_leaves_nothing),
	KUNIT_CASE(other_drives_are_let_be),
	KUNIT_CASE_PARAM(probe_fails_and_leaves_nothing, mishap_gen_params),
	KUNIT_CASE_PARAM(promise_is_not_believed, promise_gen_params),
	KUNIT_CASE(namespace_with_metadata_is_empty),
	KUNIT_CASE(subsystem_is_not_reset),
	KUNIT_CASE(attribute_shows_lost_interrupts),
	KUNIT_CASE(attribute_is_there),
	KUNIT_CASE(parameter_reaches_the_controller),
	KUNIT_CASE(registers_of_a_dead_controller_are_all_ones),
	KUNIT_CASE_PARAM(written_data_are_on_the_disk, transfer_gen_params),
	KUNIT_CASE(failed_command_ends_with_its_status),
	KUNIT_CASE_PARAM(crowd_uses_all_tags, scheduler_gen_params),
	KUNIT_CASE(flush_goes_to_the_controller),
	KUNIT_CASE(admin_commands_go_one_by_one),
	KUNIT_CASE(admin_time_out_is_that_of_io),
	KUNIT_CASE(late_deletion_is_not_sent),
	KUNIT_CASE(stopped_controller_gets_no_admin_command),
	KUNIT_CASE_PARAM(user_command_is_refused, forbidden_gen_params),
	KUNIT_CASE(metadata_are_refused),
	KUNIT_CASE(batch_goes_on_after_a_refusal),
	KUNIT_CASE(batch_of_a_disabled_queue_comes_back),
	KUNIT_CASE(disabled_queue_takes_nothing),
	KUNIT_CASE(user_command_during_a_reset_is_refused),
	KUNIT_CASE(io_without_memory_is_tried_again),
	KUNIT_CASE(batch_without_memory_is_tried_again),
	KUNIT_CASE(admin_without_memory_is_tried_again),
	KUNIT_CASE_PARAM(alien_completion_ends_nothing, alien_gen_params),
	KUNIT_CASE(completion_without_a_request_is_ignored),
	KUNIT_CASE(second_completion_is_ignored),
	KUNIT_CASE(interrupt_of_a_refused_entry_is_handled),
	KUNIT_CASE(look_into_the_queue_ends),
	KUNIT_CASE(look_into_the_queue_takes_all),
	KUNIT_CASE(idle_interrupts_do_no_harm),
	KUNIT_CASE(thousandth_idle_interrupt_asks),
	KUNIT_CASE(work_ends_a_row_of_idle_interrupts),
	KUNIT_CASE(line_of_a_dead_controller_is_taken_down),
	{ }
};

static struct kunit_suite pci_test_suite = {
	.name = "nvme_ans2_pci",
	.init = pci_test_init,
	.exit = pci_test_exit,
	.test_cases = pci_test_cases,
};

kunit_test_suite(pci_test_suite);
