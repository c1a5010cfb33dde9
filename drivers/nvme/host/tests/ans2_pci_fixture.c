// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2 in nvme-pci: what its KUnit suites have in common
 *
 * ans2-recover.c includes this file before the suites. nvme-pci as it is drives
 * a controller in memory, see ans2_fake.h: it is bound to a function of the PCI
 * core, has an interrupt, makes a disk, and is reset and removed. Time-outs are
 * brought forward, so that no test waits for one.
 *
 * After each test the driver is unbound, and nothing of it may be left.
 */

#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/swiotlb.h>

#include "ans2_fake.c"
#include "ans2_fake_bridge.c"

/* Interrupts that find nothing before a dead line is taken down, and some. */
#define T_IDLE_IRQS	1100

/* What is far beyond what a test waits for. */
#define T_PATIENCE	(30 * HZ)

/*
 * What does not wait for a time-out of the kernel's, 30 or 60 s, takes less, on
 * a host with a lot else to do, too.
 */
#define T_SOON		(10 * HZ)

struct pci_test;

/**
 * struct ans2_job - something that is done by a thread of its own
 * @list: in the list of the test
 * @task: the thread
 * @run: what is done
 * @t: the test
 * @q: where a command goes
 * @cmd: the command
 * @buf: its data
 * @len: their length
 * @ret: how it ended
 * @ended: whether it did
 */
struct ans2_job {
	struct list_head list;
	struct task_struct *task;
	int (*run)(struct ans2_job *job);
	struct pci_test *t;
	struct request_queue *q;
	struct nvme_command cmd;
	void *buf;
	unsigned int len;
	int ret;
	bool ended;
};

/**
 * struct ans2_bio - one block read through the block layer, or written
 * @bio: for the block layer
 * @vec: its only one
 * @flrs: function resets until it ended
 * @ended: whether it ended
 */
struct ans2_bio {
	struct bio bio;
	struct bio_vec vec;
	unsigned int flrs;
	bool ended;
};

/**
 * struct pci_test - one test
 * @fake: the controller
 * @dev: nvme-pci's state of it, once it is bound
 * @ns: its namespace
 * @jobs: commands that were sent by a thread
 * @scheduled: the namespace has an I/O scheduler, and so gets no batches
 * @storm: the test provokes interrupts without end
 * @mem: memory for bounce buffers
 * @full: the same, all used
 * @admin_timeout: the parameter of the core
 * @io_timeout: likewise
 * @by_reset: doorbells of reset_work
 * @with_io: those at which an allocation might have started I/O
 * @looks: 1 while a watch of the test is at work, 2 afterwards
 */
struct pci_test {
	struct ans2_fake fake;
	struct nvme_dev *dev;
	struct nvme_ns *ns;
	struct list_head jobs;
	bool scheduled;
	bool storm;
	struct io_tlb_mem *mem;
	struct io_tlb_mem full;
	unsigned int admin_timeout;
	unsigned int io_timeout;
	unsigned int by_reset;
	unsigned int with_io;
	int looks;
};

/* Evaluates @cond until it is true or patience ends. */
#define T_UNTIL(cond)							\
({									\
	unsigned long t_end = jiffies + T_PATIENCE;			\
	bool t_met;							\
									\
	while (!(t_met = (cond)) && time_before(jiffies, t_end))	\
		usleep_range(500, 1000);				\
	t_met;								\
})

static struct pci_test *to_pci_test(struct ans2_fake *fake)
{
	return container_of(fake, struct pci_test, fake);
}

/*
 * What the driver has of the function, NULL while a probe is going on. Tags are
 * allocated by the time it is there, and the disk is not.
 */
static bool pci_test_doorbell(struct ans2_fake *fake)
{
	struct nvme_dev *dev = pci_get_drvdata(fake->pdev);

	if (!dev)
		return true;
	if (to_pci_test(fake)->scheduled)
		dev->tagset.flags &= ~BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	if (current_work() == &dev->ctrl.reset_work) {
		to_pci_test(fake)->by_reset++;
		if (!(current->flags & PF_MEMALLOC_NOIO))
			to_pci_test(fake)->with_io++;
	}
	return raw_spin_is_locked(&dev->ans2->hw.lock.rlock);
}

static bool pci_test_reset(struct ans2_fake *fake)
{
	struct nvme_dev *dev = pci_get_drvdata(fake->pdev);

	return !dev || mutex_is_locked(&dev->shutdown_lock);
}

static int pci_test_init(struct kunit *test)
{
	struct pci_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct device *parent;

	KUNIT_ASSERT_NOT_NULL(test, t);
	INIT_LIST_HEAD(&t->jobs);
	t->full.force_bounce = true;
	t->admin_timeout = admin_timeout;
	t->io_timeout = nvme_io_timeout;
	t->fake.doorbell = pci_test_doorbell;
	t->fake.reset = pci_test_reset;
	parent = kunit_device_register(test, "ans2-pci");
	KUNIT_ASSERT_FALSE(test, IS_ERR(parent));
	test->priv = t;
	KUNIT_ASSERT_EQ(test, fake_init(&t->fake, parent), 0);
	return 0;
}

static bool pci_test_count(struct request *req, void *data)
{
	unsigned int *count = data;

	(*count)++;
	return true;
}

/* Requests that were started and not ended. */
static unsigned int pci_test_busy(struct pci_test *t)
{
	unsigned int count = 0;

	blk_mq_tagset_busy_iter(&t->dev->admin_tagset, pci_test_count, &count);
	if (t->dev->ctrl.tagset)
		blk_mq_tagset_busy_iter(&t->dev->tagset, pci_test_count,
					&count);
	return count;
}

static void pci_test_unbind(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct device *dev = &t->fake.pdev->dev;

	if (dev->driver && t->dev &&
	    nvme_ctrl_state(&t->dev->ctrl) == NVME_CTRL_LIVE)
		KUNIT_EXPECT_TRUE_MSG(test, T_UNTIL(!pci_test_busy(t)),
				      "a request does not end");
	device_release_driver(dev);
	t->dev = NULL;
	t->ns = NULL;
	KUNIT_EXPECT_TRUE_MSG(test, T_UNTIL(kref_read(&dev->kobj.kref) ==
					    t->fake.refs),
			      "the function has %u references, and had %d",
			      kref_read(&dev->kobj.kref), t->fake.refs);
	KUNIT_EXPECT_FALSE_MSG(test, pci_is_enabled(t->fake.pdev),
			       "the function stays enabled");
}

static void pci_test_end_jobs(struct pci_test *t)
{
	struct ans2_job *job, *next;

	list_for_each_entry_safe(job, next, &t->jobs, list)
		kthread_stop_put(job->task);
}

static void pci_test_exit(struct kunit *test)
{
	struct pci_test *t = test->priv;
	unsigned int i, limit;

	if (!t)
		return;
	fake_obey(&t->fake);
	fake_release(&t->fake);
	if (t->fake.pdev) {
		t->fake.pdev->dev.dma_io_tlb_mem = t->mem;
		pci_test_unbind(test);
	}
	pci_test_end_jobs(t);
	limit = t->fake.posted + (t->storm ? T_IDLE_IRQS : 0);
	KUNIT_EXPECT_LE_MSG(test, t->fake.irqs, limit, "interrupts");
	for (i = 0; i < min(t->fake.nr_faults, 4u); i++)
		KUNIT_FAIL(test, "the controller says: %s", t->fake.faults[i]);
	fake_exit(&t->fake);
	admin_timeout = t->admin_timeout;
	nvme_io_timeout = t->io_timeout;
}

/*
 * Binding
 */

static struct nvme_ns *pci_test_ns(struct nvme_dev *dev)
{
	return list_first_entry_or_null(&dev->ctrl.namespaces, struct nvme_ns,
					list);
}

static void pci_test_plug(struct kunit *test)
{
	struct pci_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, fake_plug(&t->fake), 0);
	t->mem = t->fake.pdev->dev.dma_io_tlb_mem;
}

/* A drive that works. What the controller was told by then is forgotten. */
static void pci_test_bind(struct kunit *test)
{
	struct pci_test *t = test->priv;

	KUNIT_ASSERT_TRUE(test, fake_bind(&t->fake));
	t->dev = pci_get_drvdata(t->fake.pdev);
	KUNIT_ASSERT_EQ(test, nvme_ctrl_state(&t->dev->ctrl), NVME_CTRL_LIVE);
	t->ns = pci_test_ns(t->dev);
	KUNIT_ASSERT_NOT_NULL(test, t->ns);
	fake_forget_log(&t->fake);
}

static void pci_test_start(struct kunit *test)
{
	pci_test_plug(test);
	pci_test_bind(test);
}

/*
 * Commands
 */

static struct nvme_command pci_test_rw(u8 opcode, u64 lba, unsigned int blocks)
{
	struct nvme_command cmd = { };

	cmd.rw.opcode = opcode;
	cmd.rw.nsid = cpu_to_le32(1);
	cmd.rw.slba = cpu_to_le64(lba);
	cmd.rw.length = cpu_to_le16(blocks - 1);
	return cmd;
}

static int pci_test_read(struct pci_test *t, u64 lba, void *buf,
			 unsigned int blocks)
{
	struct nvme_command cmd = pci_test_rw(nvme_cmd_read, lba, blocks);

	return nvme_submit_sync_cmd(t->ns->queue, &cmd, buf,
				    blocks * FAKE_BLOCK);
}

static int pci_test_write(struct pci_test *t, u64 lba, void *buf,
			  unsigned int blocks)
{
	struct nvme_command cmd = pci_test_rw(nvme_cmd_write, lba, blocks);

	return nvme_submit_sync_cmd(t->ns->queue, &cmd, buf,
				    blocks * FAKE_BLOCK);
}

static struct nvme_command pci_test_identify(void)
{
	struct nvme_command cmd = { };

	cmd.identify.opcode = nvme_admin_identify;
	cmd.identify.cns = NVME_ID_CNS_CTRL;
	return cmd;
}

/* As if a user had sent it, without data. Returns how it ended. */
static u16 pci_test_user(struct request_queue *q,
			 const struct nvme_command *from)
{
	struct nvme_command cmd = *from;
	struct request *req;
	u16 status;

	req = blk_mq_alloc_request(q, nvme_req_op(&cmd), 0);
	if (IS_ERR(req))
		return U16_MAX;
	nvme_init_request(req, &cmd);
	nvme_req(req)->flags |= NVME_REQ_USERCMD;
	blk_execute_rq(req, false);
	status = nvme_req(req)->status;
	blk_mq_free_request(req);
	return status;
}

static int ans2_job_thread(void *data)
{
	struct ans2_job *job = data;

	job->ret = job->run(job);
	/* pairs with the one that looks whether it has ended */
	smp_store_release(&job->ended, true);
	return 0;
}

static struct ans2_job *pci_test_new_job(struct kunit *test,
					 int (*run)(struct ans2_job *job))
{
	struct ans2_job *job = kunit_kzalloc(test, sizeof(*job), GFP_KERNEL);
	struct pci_test *t = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, job);
	job->run = run;
	job->t = t;
	job->task = kthread_create(ans2_job_thread, job, "ans2-job");
	KUNIT_ASSERT_FALSE(test, IS_ERR(job->task));
	get_task_struct(job->task);
	list_add(&job->list, &t->jobs);
	return job;
}

static int ans2_job_sync(struct ans2_job *job)
{
	return nvme_submit_sync_cmd(job->q, &job->cmd, job->buf, job->len);
}

static struct ans2_job *pci_test_job(struct kunit *test,
				     struct request_queue *q,
				     struct nvme_command cmd)
{
	struct ans2_job *job = pci_test_new_job(test, ans2_job_sync);

	job->q = q;
	job->cmd = cmd;
	job->len = FAKE_BLOCK;
	job->buf = kunit_kzalloc(test, job->len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, job->buf);
	wake_up_process(job->task);
	return job;
}

static struct ans2_job *pci_test_read_job(struct kunit *test, u64 lba)
{
	struct pci_test *t = test->priv;

	return pci_test_job(test, t->ns->queue,
			    pci_test_rw(nvme_cmd_read, lba, 1));
}

/* What hwmon asks for, at any time. */
static struct ans2_job *pci_test_log_job(struct kunit *test)
{
	struct nvme_command cmd = { };
	struct pci_test *t = test->priv;

	cmd.get_log_page.opcode = nvme_admin_get_log_page;
	cmd.get_log_page.lid = NVME_LOG_SMART;
	cmd.get_log_page.numdl = cpu_to_le16(512 / 4 - 1);
	return pci_test_job(test, t->dev->ctrl.admin_q, cmd);
}

static struct ans2_job *pci_test_admin_job(struct kunit *test)
{
	struct pci_test *t = test->priv;

	return pci_test_job(test, t->dev->ctrl.admin_q, pci_test_identify());
}

/* A command without data that a user may send. */
static struct nvme_command pci_test_harmless(void)
{
	struct nvme_command cmd = { };

	cmd.features.opcode = nvme_admin_get_features;
	cmd.features.fid = cpu_to_le32(NVME_FEAT_VOLATILE_WC);
	return cmd;
}

static int ans2_job_user(struct ans2_job *job)
{
	return pci_test_user(job->q, &job->cmd);
}

static struct ans2_job *pci_test_user_job(struct kunit *test)
{
	struct ans2_job *job = pci_test_new_job(test, ans2_job_user);
	struct pci_test *t = test->priv;

	job->q = t->dev->ctrl.admin_q;
	job->cmd = pci_test_harmless();
	wake_up_process(job->task);
	return job;
}

static int ans2_job_unbind(struct ans2_job *job)
{
	device_release_driver(&job->t->fake.pdev->dev);
	return 0;
}

static struct ans2_job *pci_test_unbind_job(struct kunit *test)
{
	struct ans2_job *job = pci_test_new_job(test, ans2_job_unbind);

	wake_up_process(job->task);
	return job;
}

static int ans2_job_shutdown(struct ans2_job *job)
{
	nvme_shutdown(job->t->fake.pdev);
	return 0;
}

static struct ans2_job *pci_test_shutdown_job(struct kunit *test)
{
	struct ans2_job *job = pci_test_new_job(test, ans2_job_shutdown);

	wake_up_process(job->task);
	return job;
}

static bool ans2_job_ended(struct ans2_job *job)
{
	/* pairs with the end of the job */
	return smp_load_acquire(&job->ended);
}

static void pci_test_expect_end(struct kunit *test, struct ans2_job *job,
				int ret)
{
	KUNIT_ASSERT_TRUE_MSG(test, T_UNTIL(ans2_job_ended(job)),
			      "a job does not end");
	KUNIT_EXPECT_EQ(test, job->ret, ret);
}

static void ans2_bio_ended(struct bio *bio)
{
	struct ans2_bio *b = container_of(bio, struct ans2_bio, bio);

	b->flrs = READ_ONCE(fake_now->flrs);
	/* pairs with the one that looks whether it has ended */
	smp_store_release(&b->ended, true);
}

static bool ans2_bios_ended(struct ans2_bio *bios, unsigned int nr)
{
	while (nr--)
		/* pairs with the end of the bio */
		if (!smp_load_acquire(&bios[nr].ended))
			return false;
	return true;
}

/*
 * Every second block, which the block layer does not merge, into memory of
 * @nr blocks or from it. Sent as one batch, and by a thread that may not wait
 * for the controller: at most 61.
 */
static struct ans2_bio *pci_test_bios(struct kunit *test, blk_opf_t op,
				      void *buf, unsigned int nr)
{
	struct ans2_bio *bios = kunit_kcalloc(test, nr, sizeof(*bios),
					      GFP_KERNEL);
	struct pci_test *t = test->priv;
	struct blk_plug plug;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, bios);
	blk_start_plug(&plug);
	for (i = 0; i < nr; i++) {
		struct bio *bio = &bios[i].bio;

		bio_init(bio, t->ns->disk->part0, &bios[i].vec, 1, op);
		bio->bi_iter.bi_sector = 2 * i * (FAKE_BLOCK / SECTOR_SIZE);
		bio->bi_end_io = ans2_bio_ended;
		__bio_add_page(bio, virt_to_page(buf + i * FAKE_BLOCK),
			       FAKE_BLOCK,
			       offset_in_page(buf + i * FAKE_BLOCK));
		submit_bio(bio);
	}
	blk_finish_plug(&plug);
	return bios;
}

/* One block read. */
static struct ans2_bio *pci_test_bio_of(struct kunit *test, blk_opf_t op)
{
	void *buf = kunit_kzalloc(test, FAKE_BLOCK, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	return pci_test_bios(test, op, buf, 1);
}

static struct ans2_bio *pci_test_bio(struct kunit *test)
{
	return pci_test_bio_of(test, REQ_OP_READ);
}

static void pci_test_expect_bio(struct kunit *test, struct ans2_bio *bio,
				int ret)
{
	KUNIT_ASSERT_TRUE_MSG(test, T_UNTIL(ans2_bios_ended(bio, 1)),
			      "I/O does not end");
	KUNIT_EXPECT_EQ(test, blk_status_to_errno(bio->bio.bi_status), ret);
}

/* A read that does not end until a test wants it to, or is cancelled. */
static struct ans2_bio *pci_test_held_bio(struct kunit *test, blk_opf_t flags)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;

	fake_add_rule(&t->fake, &(struct fake_rule){
		.qid = 1, .opcode = nvme_cmd_read, .act = FAKE_HOLD,
		.times = 1 });
	bio = pci_test_bio_of(test, REQ_OP_READ | flags);
	KUNIT_ASSERT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
	return bio;
}

/*
 * Time
 */

static bool pci_test_expire_one(struct request *req, void *data)
{
	WRITE_ONCE(req->deadline, jiffies);
	kblockd_schedule_work(&req->q->timeout_work);
	return true;
}

/* The time-out of each request in flight comes now. */
static void pci_test_expire(struct blk_mq_tag_set *set)
{
	blk_mq_tagset_busy_iter(set, pci_test_expire_one, NULL);
}

static bool pci_test_is(struct pci_test *t, enum nvme_ctrl_state state)
{
	return nvme_ctrl_state(&t->dev->ctrl) == state;
}

/* Returns whether the controller is live again. */
static bool pci_test_recovers(struct pci_test *t)
{
	return T_UNTIL(pci_test_is(t, NVME_CTRL_LIVE) &&
		       !work_busy(&t->dev->ctrl.reset_work));
}

static void pci_test_expect_log(struct kunit *test, const char *log)
{
	struct pci_test *t = test->priv;

	if (t->dev)
		flush_work(&t->dev->ctrl.scan_work);
	KUNIT_EXPECT_STREQ(test, t->fake.log, log);
}

static void pci_test_reset_now(struct kunit *test)
{
	struct pci_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	flush_work(&t->dev->ctrl.reset_work);
}

/* From here on no memory can be mapped for a request, or it can again. */
static void pci_test_fail_mapping(struct pci_test *t, bool fail)
{
	t->fake.pdev->dev.dma_io_tlb_mem = fail ? &t->full : t->mem;
}
