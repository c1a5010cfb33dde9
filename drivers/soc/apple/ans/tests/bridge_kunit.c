// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite: the ANS2 as a PCI function
 *
 * The first half asks the configuration space directly. Offsets and values are
 * written out again here, so that a slip in the driver's table is seen.
 *
 * The second half registers the host bridge with the real PCI core and binds a
 * driver of its own to the function. The co-processor behind it always obeys,
 * unless told not to start.
 *
 * What the suite cannot see: registers behind BAR0, the interrupt, DMA.
 */

#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/io.h>
#include <linux/pci.h>

#include "../ans.h"

#define BAR	0x27bcc0000ULL
#define LINE	42

/* For the PCI core: no RAM and no device, on a Mac and on QEMU's virt. */
#define WINDOW	0x47bcc0000ULL

struct function_test {
	struct ans_function fn;
	int flrs;
};

static void count_flr(struct ans_function *fn)
{
	container_of(fn, struct function_test, fn)->flrs++;
}

static u32 get(struct function_test *t, int where, int size)
{
	u32 val = 0x5a5a5a5a;

	ans_function_read(&t->fn, where, size, &val);
	return val;
}

static void set(struct function_test *t, int where, int size, u32 val)
{
	ans_function_write(&t->fn, where, size, val);
}

static int function_test_init(struct kunit *test)
{
	struct function_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	raw_spin_lock_init(&t->fn.lock);
	t->fn.start_flr = count_flr;
	ans_function_init(&t->fn, BAR, 0x8103);
	test->priv = t;
	return 0;
}

struct expected {
	const char *name;
	int where;
	u32 reset;
	u32 writable;
};

/* "writable" leaves out what a test of its own is about. */
static const struct expected registers[] = {
	{ "id",			0x00, 0xa2a2106b, 0 },
	{ "command",		0x04, 0x00100000, 0x00000146 },
	{ "class",		0x08, 0x01080200, 0 },
	{ "header",		0x0c, 0x00000000, 0x000000ff },
	{ "bar0",		0x10, 0x7bcc0004, 0xfffc0000 },
	{ "bar1",		0x14, 0x00000002, 0xffffffff },
	{ "bar2",		0x18, 0x00000000, 0 },
	{ "bar3",		0x1c, 0x00000000, 0 },
	{ "bar4",		0x20, 0x00000000, 0 },
	{ "bar5",		0x24, 0x00000000, 0 },
	{ "subsystem",		0x2c, 0x8103106b, 0 },
	{ "rom",		0x30, 0x00000000, 0 },
	{ "capabilities",	0x34, 0x00000040, 0 },
	{ "interrupt",		0x3c, 0x00000100, 0x000000ff },
	{ "pm",			0x40, 0x00035001, 0 },
	{ "pm control",		0x44, 0x00000008, 0x00000003 },
	{ "express",		0x50, 0x00920010, 0 },
	{ "device capabilities", 0x54, 0x10008000, 0 },
	{ "device control",	0x58, 0x00002810, 0x0000781f },
};

static void register_name(const struct expected *reg, char *desc)
{
	strscpy(desc, reg->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(registers, registers, register_name);

static void reset_value(struct kunit *test)
{
	const struct expected *reg = test->param_value;

	KUNIT_EXPECT_EQ(test, get(test->priv, reg->where, 4), reg->reset);
}

static void write_mask(struct kunit *test)
{
	const struct expected *reg = test->param_value;
	struct function_test *t = test->priv;
	/* not the bit that resets the function */
	u32 ones = reg->where == 0x58 ? ~0x8000 : ~0;

	set(t, reg->where, 4, ones);
	KUNIT_EXPECT_EQ(test, get(t, reg->where, 4),
			reg->reset | reg->writable);
	set(t, reg->where, 4, 0);
	KUNIT_EXPECT_EQ(test, get(t, reg->where, 4),
			reg->reset & ~reg->writable);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
}

static void narrow_reads(struct kunit *test)
{
	const struct expected *reg = test->param_value;
	struct function_test *t = test->priv;
	int i;

	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, get(t, reg->where + i, 1),
				reg->reset >> i * 8 & 0xff);
	for (i = 0; i < 4; i += 2)
		KUNIT_EXPECT_EQ(test, get(t, reg->where + i, 2),
				reg->reset >> i * 8 & 0xffff);
}

static void narrow_writes(struct kunit *test)
{
	const struct expected *reg = test->param_value;
	struct function_test *t = test->priv;
	u32 lane;
	int i;

	for (i = 0; i < 4; i++) {
		lane = 0xff << i * 8;
		if (reg->where == 0x58 && i == 1)
			continue;
		set(t, reg->where, 4, 0);
		set(t, reg->where + i, 1, 0xff);
		KUNIT_EXPECT_EQ(test, get(t, reg->where, 4),
				(reg->reset & ~reg->writable) |
				(reg->writable & lane));
	}
	for (i = 0; i < 4; i += 2) {
		lane = 0xffff << i * 8;
		if (reg->where == 0x58)
			lane &= ~0x8000;
		set(t, reg->where, 4, 0);
		set(t, reg->where + i, 2, lane >> i * 8);
		KUNIT_EXPECT_EQ(test, get(t, reg->where, 4),
				(reg->reset & ~reg->writable) |
				(reg->writable & lane));
	}
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
}

static bool is_known(int where)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		if (registers[i].where == where)
			return true;
	return false;
}

static void all_else_is_zero_and_stays(struct kunit *test)
{
	struct function_test *t = test->priv;
	int where;

	for (where = 0; where < 4096; where += 4) {
		if (is_known(where))
			continue;
		KUNIT_EXPECT_EQ(test, get(t, where, 4), 0);
		set(t, where, 4, ~0);
		KUNIT_EXPECT_EQ(test, get(t, where, 4), 0);
	}
}

static const int access_sizes[] = { -1, 0, 1, 2, 3, 4, 5, 8 };

static void access_size_name(const int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d bytes", *size);
}

KUNIT_ARRAY_PARAM(access_size, access_sizes, access_size_name);

static bool is_good_access(int where, int size)
{
	if (where < 0 || where >= 4096)
		return false;
	return size == 1 || (size == 2 && where % 2 == 0) ||
	       (size == 4 && where % 4 == 0);
}

/* A bad one of these many ends the case, or the log would be full of it. */
static void expect_refused(struct kunit *test, int where, int size)
{
	struct function_test *t = test->priv;
	u32 val = 0;

	if (is_good_access(where, size))
		return;
	KUNIT_ASSERT_EQ_MSG(test, ans_function_read(&t->fn, where, size, &val),
			    0x87, "offset %d", where);
	KUNIT_ASSERT_EQ_MSG(test, val, 0xffffffff, "offset %d", where);
	KUNIT_ASSERT_EQ_MSG(test, ans_function_write(&t->fn, where, size, ~0),
			    0x87, "offset %d", where);
}

static void bad_access_is_refused_and_changes_nothing(struct kunit *test)
{
	static const int far[] = {
		INT_MIN, -0x10000, -0x1000, 0x2000, 0x10000, 0x10058,
		0x7ffffffc, INT_MAX,
	};
	const int *size = test->param_value;
	struct function_test *t = test->priv;
	int i;

	for (i = -16; i < 4096 + 16; i++)
		expect_refused(test, i, *size);
	for (i = 0; i < ARRAY_SIZE(far); i++)
		expect_refused(test, far[i], *size);

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		KUNIT_EXPECT_EQ_MSG(test, get(t, registers[i].where, 4),
				    registers[i].reset, "%s",
				    registers[i].name);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
}

static void last_bytes_can_be_read(struct kunit *test)
{
	struct function_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, get(t, 4092, 4), 0);
	KUNIT_EXPECT_EQ(test, get(t, 4094, 2), 0);
	KUNIT_EXPECT_EQ(test, get(t, 4095, 1), 0);
}

static void bar_tells_its_size(struct kunit *test)
{
	struct function_test *t = test->priv;
	u64 size;

	set(t, 0x10, 4, ~0);
	set(t, 0x14, 4, ~0);
	size = (u64)get(t, 0x14, 4) << 32 | (get(t, 0x10, 4) & ~0xf);
	KUNIT_EXPECT_EQ(test, ~size + 1, 0x40000);
	/* memory, 64 bits, not prefetchable */
	KUNIT_EXPECT_EQ(test, get(t, 0x10, 4) & 0xf, 0x4);

	set(t, 0x10, 4, 0x7bcc0000);
	set(t, 0x14, 4, 0x2);
	KUNIT_EXPECT_EQ(test, get(t, 0x10, 4), 0x7bcc0004);
	KUNIT_EXPECT_EQ(test, get(t, 0x14, 4), 0x2);
}

static void interrupt_cannot_be_disabled(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x04, 2, 0x400);
	KUNIT_EXPECT_EQ(test, get(t, 0x04, 2), 0);
	set(t, 0x3d, 1, 0);
	KUNIT_EXPECT_EQ(test, get(t, 0x3d, 1), 1);
}

static void unknown_power_states_are_discarded(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x44, 2, 0x1);
	KUNIT_EXPECT_EQ(test, get(t, 0x44, 2), 0x8);
	set(t, 0x44, 2, 0x3);
	KUNIT_EXPECT_EQ(test, get(t, 0x44, 2), 0xb);
	set(t, 0x44, 2, 0x2);
	KUNIT_EXPECT_EQ(test, get(t, 0x44, 2), 0xb);
	set(t, 0x44, 2, 0x0);
	KUNIT_EXPECT_EQ(test, get(t, 0x44, 2), 0x8);
}

static void capabilities_are_two(struct kunit *test)
{
	struct function_test *t = test->priv;
	int pos = get(t, 0x34, 1);

	KUNIT_EXPECT_EQ(test, get(t, pos, 1), 0x01);
	pos = get(t, pos + 1, 1);
	KUNIT_EXPECT_EQ(test, get(t, pos, 1), 0x10);
	KUNIT_EXPECT_EQ(test, get(t, pos + 1, 1), 0);
}

static void flr_hides_the_function(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x04, 2, 0x6);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 4), 0xffffffff);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 2), 0xffff);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 1), 0xff);
	KUNIT_EXPECT_EQ(test, get(t, 0x800, 4), 0xffffffff);
}

static void flr_by_byte(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x58, 1, 0xff);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
	set(t, 0x59, 1, 0x80);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
}

static void flr_in_progress_starts_no_other(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x58, 2, 0x8000);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
}

static void flr_ends_with_reset_values(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x04, 2, 0x6);
	set(t, 0x3c, 1, 0x2a);
	set(t, 0x58, 2, 0x8000);
	set(t, 0x04, 2, 0x6);
	ans_function_show(&t->fn);
	KUNIT_EXPECT_EQ(test, get(t, 0x04, 4), 0x00100000);
	KUNIT_EXPECT_EQ(test, get(t, 0x3c, 4), 0x00000100);
	KUNIT_EXPECT_EQ(test, get(t, 0x58, 4), 0x00002810);
	KUNIT_EXPECT_EQ(test, get(t, 0x10, 4), 0x7bcc0004);
}

/* What somebody saved while the function was hidden, and restores. */
static void all_ones_start_no_flr(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x58, 4, 0xffffffff);
	set(t, 0x58, 2, 0xffff);
	set(t, 0x59, 1, 0xff);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
	KUNIT_EXPECT_EQ(test, get(t, 0x58, 4), 0x00002810);
	set(t, 0x58, 2, 0xa810);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
}

/* Reads are all ones, as after a hot removal, but a reset is obeyed. */
static void crashed_function_can_only_be_reset(struct kunit *test)
{
	struct function_test *t = test->priv;

	ans_function_set_crashed(&t->fn, true);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 4), 0xffffffff);
	set(t, 0x04, 2, 0x6);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
	set(t, 0x58, 2, 0xffff);
	set(t, 0x58, 2, 0xffff);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);

	/* the restart */
	ans_function_set_crashed(&t->fn, false);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 4), 0xffffffff);
	KUNIT_EXPECT_TRUE(test, ans_function_show(&t->fn));
	KUNIT_EXPECT_EQ(test, get(t, 0x04, 4), 0x00100000);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 2);
}

static void crash_during_a_reset_keeps_it_hidden(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x58, 2, 0x8000);
	ans_function_set_crashed(&t->fn, true);
	KUNIT_EXPECT_FALSE(test, ans_function_show(&t->fn));
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 4), 0xffffffff);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 2);
}

static void lost_function_cannot_be_reset(struct kunit *test)
{
	struct function_test *t = test->priv;

	ans_function_hide(&t->fn);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
}

static void show_keeps_what_was_written(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x04, 2, 0x6);
	ans_function_show(&t->fn);
	KUNIT_EXPECT_EQ(test, get(t, 0x04, 2), 0x6);
}

static struct kunit_case function_cases[] = {
	KUNIT_CASE_PARAM(reset_value, registers_gen_params),
	KUNIT_CASE_PARAM(write_mask, registers_gen_params),
	KUNIT_CASE_PARAM(narrow_reads, registers_gen_params),
	KUNIT_CASE_PARAM(narrow_writes, registers_gen_params),
	KUNIT_CASE(all_else_is_zero_and_stays),
	KUNIT_CASE_PARAM(bad_access_is_refused_and_changes_nothing,
			 access_size_gen_params),
	KUNIT_CASE(last_bytes_can_be_read),
	KUNIT_CASE(bar_tells_its_size),
	KUNIT_CASE(interrupt_cannot_be_disabled),
	KUNIT_CASE(unknown_power_states_are_discarded),
	KUNIT_CASE(capabilities_are_two),
	KUNIT_CASE(flr_hides_the_function),
	KUNIT_CASE(flr_by_byte),
	KUNIT_CASE(all_ones_start_no_flr),
	KUNIT_CASE(flr_in_progress_starts_no_other),
	KUNIT_CASE(flr_ends_with_reset_values),
	KUNIT_CASE(crashed_function_can_only_be_reset),
	KUNIT_CASE(crash_during_a_reset_keeps_it_hidden),
	KUNIT_CASE(lost_function_cannot_be_reset),
	KUNIT_CASE(show_keeps_what_was_written),
	{}
};

static struct kunit_suite function_suite = {
	.name = "apple_ans2_function",
	.init = function_test_init,
	.test_cases = function_cases,
};

/*
 * With the PCI core
 */

struct bridge_test {
	struct ans ans;
	struct device *dev;
	struct pci_dev *pdev;
	u32 cpu_control;
	bool refuses;		/* the co-processor does not start again */
	bool resets;		/* its driver resets it when it is frozen */
	bool sleeps;		/* the system begins to when it is frozen */
	bool loses;		/* it is declared lost when it is frozen */
	bool crashed;
	int closes;		/* the system goes down when this gets to 0 */
	int starts;
	int probes;
	int removes;
	char events[128];
};

static struct bridge_test *to_bridge_test(struct ans *ans)
{
	return container_of(ans, struct bridge_test, ans);
}

static u32 obey_cpu_control(struct ans *ans)
{
	return to_bridge_test(ans)->cpu_control;
}

static void obey_set_cpu_control(struct ans *ans, u32 value)
{
	to_bridge_test(ans)->cpu_control = value;
}

static u32 obey_boot_status(struct ans *ans)
{
	return 0xde71ce55;
}

static bool obey_is_running(struct ans *ans)
{
	return !to_bridge_test(ans)->crashed;
}

/* Called with the lock of @ans held */
static bool obey_is_crashed(struct ans *ans)
{
	struct bridge_test *t = to_bridge_test(ans);

	if (t->closes && !--t->closes)
		ans->closed = true;
	return t->crashed;
}

static int obey(struct ans *ans)
{
	return 0;
}

static int obey_reinit(struct ans *ans)
{
	to_bridge_test(ans)->crashed = false;
	return 0;
}

static int obey_boot(struct ans *ans)
{
	struct bridge_test *t = to_bridge_test(ans);

	if (t->refuses)
		return -ETIME;
	t->starts++;
	return 0;
}

static const struct ans_ops obedient_ops = {
	.cpu_control = obey_cpu_control,
	.set_cpu_control = obey_set_cpu_control,
	.boot_status = obey_boot_status,
	.reset_assert = obey,
	.reset_deassert = obey,
	.is_running = obey_is_running,
	.is_crashed = obey_is_crashed,
	.reinit = obey_reinit,
	.boot = obey_boot,
	.wake = obey_boot,
	.shutdown = obey,
};

static int fake_resources(struct ans *ans)
{
	ans->irq = LINE;
	ans->window = DEFINE_RES_MEM_NAMED(WINDOW, 0x40000, "test window");
	return 0;
}

static const struct ans_parts obedient_parts = {
	.power = obey,
	.resources = fake_resources,
	.sart = obey,
	.rtkit = obey,
	.bridge = ans_bridge_add,
};

static struct bridge_test *to_test(struct pci_dev *pdev)
{
	struct ans_function *fn = pdev->sysdata;

	return to_bridge_test(container_of(fn, struct ans, function));
}

static void event(struct pci_dev *pdev, const char *what)
{
	struct bridge_test *t = to_test(pdev);

	if (t->events[0])
		strlcat(t->events, " ", sizeof(t->events));
	strlcat(t->events, what, sizeof(t->events));
}

static int test_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	to_test(pdev)->probes++;
	return 0;
}

static void test_remove(struct pci_dev *pdev)
{
	to_test(pdev)->removes++;
	event(pdev, pci_device_is_present(pdev) ? "removed" : "pulled");
}

static pci_ers_result_t test_detected(struct pci_dev *pdev,
				      pci_channel_state_t state)
{
	event(pdev, state == pci_channel_io_frozen ? "frozen" : "other");
	to_test(pdev)->ans.sleeping |= to_test(pdev)->sleeps;
	if (to_test(pdev)->loses)
		pdev->error_state = pci_channel_io_perm_failure;
	if (to_test(pdev)->resets) {
		if (!pcie_reset_flr(pdev, PCI_RESET_DO_RESET))
			event(pdev, "flr");
		return PCI_ERS_RESULT_NEED_RESET;
	}
	return pci_device_is_present(pdev) ? PCI_ERS_RESULT_DISCONNECT :
					     PCI_ERS_RESULT_NEED_RESET;
}

static pci_ers_result_t test_slot_reset(struct pci_dev *pdev)
{
	event(pdev, pci_device_is_present(pdev) ? "reset" : "absent");
	return PCI_ERS_RESULT_RECOVERED;
}

static void test_resume(struct pci_dev *pdev)
{
	event(pdev, "resume");
}

static const struct pci_error_handlers test_handlers = {
	.error_detected = test_detected,
	.slot_reset = test_slot_reset,
	.resume = test_resume,
};

static const struct pci_device_id test_ids[] = {
	{ PCI_DEVICE_SUB(0x106b, 0xa2a2, 0x106b, 0x7e57) },
	{}
};

static struct pci_driver test_driver = {
	.name = "apple-ans2-kunit",
	.id_table = test_ids,
	.probe = test_probe,
	.remove = test_remove,
	.err_handler = &test_handlers,
};

static int bridge_test_init(struct kunit *test)
{
	static const struct ans_hw hw = { .subsystem = 0x7e57 };
	struct bridge_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	t->dev = kunit_device_register(test, "ans2-bridge");
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->dev));
	KUNIT_ASSERT_EQ(test, ans_init(&t->ans, t->dev, &obedient_ops, &hw), 0);
	KUNIT_ASSERT_EQ(test, ans_setup(&t->ans, &obedient_parts), 0);
	t->pdev = ans_bridge_get_function(&t->ans);
	KUNIT_ASSERT_NOT_NULL(test, t->pdev);
	return 0;
}

static void bridge_test_exit(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	if (t)
		pci_dev_put(t->pdev);
}

/* nvme-pci would bind the function as well, and there is no register behind. */
static int keep_for_test(struct notifier_block *nb, unsigned long action,
			 void *data)
{
	struct pci_dev *pdev = to_pci_dev(data);

	if (action == BUS_NOTIFY_ADD_DEVICE &&
	    pci_match_id(test_ids, pdev) &&
	    device_set_driver_override(&pdev->dev, test_driver.name))
		pci_warn(pdev, "cannot be kept for the test\n");
	return NOTIFY_OK;
}

static struct notifier_block keep_for_test_nb = {
	.notifier_call = keep_for_test,
};

static int bridge_suite_init(struct kunit_suite *suite)
{
	int err = bus_register_notifier(&pci_bus_type, &keep_for_test_nb);

	if (err)
		return err;
	err = pci_register_driver(&test_driver);
	if (err)
		bus_unregister_notifier(&pci_bus_type, &keep_for_test_nb);
	return err;
}

static void bridge_suite_exit(struct kunit_suite *suite)
{
	pci_unregister_driver(&test_driver);
	bus_unregister_notifier(&pci_bus_type, &keep_for_test_nb);
}

static void crash(struct bridge_test *t)
{
	t->crashed = true;
	ans_crashed(&t->ans);
	flush_work(&t->ans.crash_work);
}

static void core_finds_the_function(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	KUNIT_EXPECT_GE(test, pci_domain_nr(t->pdev->bus), 0x10000);
	KUNIT_EXPECT_EQ(test, t->pdev->vendor, 0x106b);
	KUNIT_EXPECT_EQ(test, t->pdev->device, 0xa2a2);
	KUNIT_EXPECT_EQ(test, t->pdev->class, 0x010802);
	KUNIT_EXPECT_EQ(test, t->pdev->subsystem_device, 0x7e57);
	KUNIT_EXPECT_EQ(test, t->pdev->hdr_type, 0);
	KUNIT_EXPECT_EQ(test, t->pdev->cfg_size, 4096);
	KUNIT_EXPECT_EQ(test, pci_pcie_type(t->pdev), 9);
	KUNIT_EXPECT_EQ(test, t->pdev->msi_cap, 0);
	KUNIT_EXPECT_EQ(test, t->pdev->msix_cap, 0);
	KUNIT_EXPECT_NE(test, t->pdev->pm_cap, 0);
	KUNIT_EXPECT_EQ(test, t->probes, 1);
}

static void bus_has_no_other_function(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	u32 val = 0;

	KUNIT_EXPECT_TRUE(test, list_is_singular(&t->pdev->bus->devices));
	KUNIT_EXPECT_EQ(test, pci_bus_read_config_dword(t->pdev->bus, 1, 0,
							&val), 0x86);
	KUNIT_EXPECT_EQ(test, val, 0xffffffff);
	KUNIT_EXPECT_EQ(test, pci_bus_write_config_dword(t->pdev->bus, 8, 0x10,
							 0), 0x86);
}

static void bar_is_the_window(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, pci_resource_start(t->pdev, 0), WINDOW);
	KUNIT_EXPECT_EQ(test, pci_resource_len(t->pdev, 0), 0x40000);
	KUNIT_EXPECT_EQ(test, pci_resource_flags(t->pdev, 0) &
			(IORESOURCE_MEM | IORESOURCE_PREFETCH |
			 IORESOURCE_MEM_64 | IORESOURCE_UNSET),
			IORESOURCE_MEM | IORESOURCE_MEM_64);
	KUNIT_EXPECT_PTR_EQ(test, t->pdev->resource[0].parent, &t->ans.window);
	KUNIT_EXPECT_EQ(test, pci_enable_device_mem(t->pdev), 0);
	pci_disable_device(t->pdev);
}

static void interrupt_is_the_line(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, t->pdev->irq, LINE);
	KUNIT_EXPECT_EQ(test, t->pdev->pin, 1);
}

static void core_flr_restarts_the_firmware(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, t->starts, 1);
	KUNIT_EXPECT_EQ(test, pcie_reset_flr(t->pdev, PCI_RESET_DO_RESET), 0);
	KUNIT_EXPECT_EQ(test, t->starts, 2);
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(t->pdev));
	KUNIT_EXPECT_EQ(test, t->cpu_control, 0x10);
}

static void failed_flr_removes_the_function(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	t->refuses = true;
	KUNIT_EXPECT_NE(test, pcie_reset_flr(t->pdev, PCI_RESET_DO_RESET), 0);
	flush_work(&t->ans.flr_work);
	KUNIT_EXPECT_STREQ(test, t->events, "pulled");
	KUNIT_EXPECT_NULL(test, ans_bridge_get_function(&t->ans));
	KUNIT_EXPECT_EQ(test, t->cpu_control, 0);
}

/* Restored as nvme-pci does it in the recovery. */
static void state_saved_while_hidden_starts_no_flr(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	ans_function_hide(&t->ans.function);
	KUNIT_EXPECT_EQ(test, pci_save_state(t->pdev), 0);
	ans_function_show(&t->ans.function);
	pci_restore_state(t->pdev);
	flush_work(&t->ans.flr_work);
	KUNIT_EXPECT_EQ(test, t->starts, 1);
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(t->pdev));
}

static void flr_while_closed_waits_for_resume(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	u32 val = 0;

	t->ans.closed = true;
	pci_write_config_word(t->pdev, 0x58, 0x8000);
	flush_work(&t->ans.flr_work);
	t->ans.closed = false;

	KUNIT_EXPECT_EQ(test, t->starts, 1);
	KUNIT_EXPECT_EQ(test, t->removes, 0);
	pci_read_config_dword(t->pdev, 0, &val);
	KUNIT_EXPECT_EQ(test, val, 0xffffffff);
}

static void crash_is_a_frozen_channel(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	crash(t);
	KUNIT_EXPECT_STREQ(test, t->events, "frozen reset resume");
	KUNIT_EXPECT_EQ(test, t->starts, 2);
	KUNIT_EXPECT_TRUE(test,
			  t->pdev->error_state == pci_channel_io_normal);
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(t->pdev));
}

/* As nvme-pci does it before it gives memory back. */
static void crash_after_which_the_driver_resets(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	t->resets = true;
	crash(t);
	KUNIT_EXPECT_STREQ(test, t->events, "frozen flr reset resume");
	/* once, and not again after it */
	KUNIT_EXPECT_EQ(test, t->starts, 2);
	KUNIT_EXPECT_TRUE(test,
			  t->pdev->error_state == pci_channel_io_normal);
}

static void recovery_goes_on_when_the_system_goes_to_sleep(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	t->sleeps = true;
	crash(t);
	KUNIT_EXPECT_STREQ(test, t->events, "frozen reset resume");
	KUNIT_EXPECT_EQ(test, t->starts, 2);
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(t->pdev));
}

/* Whoever had the device lock meanwhile has reset the function. */
static void crash_that_is_repaired_is_not_reported(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	device_lock(&t->pdev->dev);
	t->crashed = true;
	ans_crashed(&t->ans);
	KUNIT_EXPECT_EQ(test, pcie_reset_flr(t->pdev, PCI_RESET_DO_RESET), 0);
	device_unlock(&t->pdev->dev);
	flush_work(&t->ans.crash_work);
	KUNIT_EXPECT_STREQ(test, t->events, "");
	KUNIT_EXPECT_EQ(test, t->starts, 2);
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(t->pdev));
}

static void lost_function_stays_lost(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	device_lock(&t->pdev->dev);
	t->pdev->error_state = pci_channel_io_perm_failure;
	KUNIT_EXPECT_FALSE(test, ans_bridge_freeze(t->pdev));
	KUNIT_EXPECT_FALSE(test, ans_bridge_thaw(t->pdev));
	device_unlock(&t->pdev->dev);
	KUNIT_EXPECT_STREQ(test, t->events, "");
	KUNIT_EXPECT_TRUE(test,
			  t->pdev->error_state == pci_channel_io_perm_failure);
}

/* A function reset that failed has declared it so. */
static void function_lost_meanwhile_is_not_recovered(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	t->loses = true;
	crash(t);
	KUNIT_EXPECT_STREQ(test, t->events, "frozen pulled");
	KUNIT_EXPECT_NULL(test, ans_bridge_get_function(&t->ans));
	KUNIT_EXPECT_EQ(test, t->cpu_control, 0);
}

static void crash_for_good_pulls_the_function(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	t->refuses = true;
	crash(t);
	KUNIT_EXPECT_STREQ(test, t->events, "frozen pulled");
	KUNIT_EXPECT_NULL(test, ans_bridge_get_function(&t->ans));
	KUNIT_EXPECT_EQ(test, t->cpu_control, 0);
}

static void fourth_crash_in_a_minute_is_the_last(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	int i;

	for (i = 0; i < 3; i++)
		crash(t);
	KUNIT_EXPECT_EQ(test, t->removes, 0);
	t->events[0] = '\0';
	crash(t);
	KUNIT_EXPECT_STREQ(test, t->events, "frozen pulled");
	KUNIT_EXPECT_EQ(test, t->starts, 4);
	KUNIT_EXPECT_EQ(test, t->cpu_control, 0);
}

static void crash_without_driver_recovers(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	device_release_driver(&t->pdev->dev);
	t->events[0] = '\0';
	crash(t);
	KUNIT_EXPECT_STREQ(test, t->events, "");
	KUNIT_EXPECT_EQ(test, t->starts, 2);
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(t->pdev));
}

/* The bus answers again, and a rescan finds what a user has removed. */
static void crash_while_removed_recovers(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	struct pci_dev *again;

	pci_stop_and_remove_bus_device_locked(t->pdev);
	crash(t);
	KUNIT_EXPECT_STREQ(test, t->events, "removed");
	KUNIT_EXPECT_EQ(test, t->starts, 2);

	pci_lock_rescan_remove();
	pci_rescan_bus(t->ans.bridge->bus);
	pci_unlock_rescan_remove();
	again = ans_bridge_get_function(&t->ans);
	KUNIT_ASSERT_NOT_NULL(test, again);
	KUNIT_EXPECT_EQ(test, t->probes, 2);
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(again));
	pci_dev_put(again);
}

static void crash_for_good_while_removed_is_the_last(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	pci_stop_and_remove_bus_device_locked(t->pdev);
	t->refuses = true;
	crash(t);
	KUNIT_EXPECT_EQ(test, t->cpu_control, 0);

	/* It is lost, so nothing starts it again. */
	t->refuses = false;
	crash(t);
	KUNIT_EXPECT_EQ(test, t->starts, 1);
	KUNIT_EXPECT_EQ(test, t->cpu_control, 0);
}

static void crashes_while_removed_are_limited(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	int i;

	pci_stop_and_remove_bus_device_locked(t->pdev);
	for (i = 0; i < 5; i++)
		crash(t);
	KUNIT_EXPECT_EQ(test, t->starts, 4);
	KUNIT_EXPECT_EQ(test, t->cpu_control, 0);
}

/* Nothing else would make it usable by a driver that is bound later. */
static void channel_without_driver_is_thawed_unrestarted(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	device_release_driver(&t->pdev->dev);
	/* by the work, before the freeze and after it */
	t->closes = 3;
	crash(t);
	KUNIT_EXPECT_TRUE(test, t->ans.closed);
	KUNIT_EXPECT_EQ(test, t->starts, 1);
	KUNIT_EXPECT_TRUE(test,
			  t->pdev->error_state == pci_channel_io_normal);
	t->ans.closed = false;
}

static void stale_crash_is_ignored(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	/* A restart came before the work item. */
	queue_work(t->ans.crash_wq, &t->ans.crash_work);
	flush_work(&t->ans.crash_work);
	KUNIT_EXPECT_STREQ(test, t->events, "");
	KUNIT_EXPECT_EQ(test, t->starts, 1);
}

static void removal_takes_the_driver_first(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	pci_dev_put(t->pdev);
	t->pdev = NULL;
	kunit_device_unregister(test, t->dev);
	KUNIT_EXPECT_STREQ(test, t->events, "removed");
	KUNIT_EXPECT_EQ(test, t->cpu_control, 0);
	KUNIT_EXPECT_NULL(test, t->ans.bridge);
	KUNIT_EXPECT_NULL(test, t->ans.window.parent);
}

static struct kunit_case bridge_cases[] = {
	KUNIT_CASE(core_finds_the_function),
	KUNIT_CASE(bus_has_no_other_function),
	KUNIT_CASE(bar_is_the_window),
	KUNIT_CASE(interrupt_is_the_line),
	KUNIT_CASE(core_flr_restarts_the_firmware),
	KUNIT_CASE(failed_flr_removes_the_function),
	KUNIT_CASE(state_saved_while_hidden_starts_no_flr),
	KUNIT_CASE(flr_while_closed_waits_for_resume),
	KUNIT_CASE(crash_is_a_frozen_channel),
	KUNIT_CASE(crash_after_which_the_driver_resets),
	KUNIT_CASE(recovery_goes_on_when_the_system_goes_to_sleep),
	KUNIT_CASE(crash_that_is_repaired_is_not_reported),
	KUNIT_CASE(lost_function_stays_lost),
	KUNIT_CASE(function_lost_meanwhile_is_not_recovered),
	KUNIT_CASE(crash_for_good_pulls_the_function),
	KUNIT_CASE(fourth_crash_in_a_minute_is_the_last),
	KUNIT_CASE(crash_without_driver_recovers),
	KUNIT_CASE(crash_while_removed_recovers),
	KUNIT_CASE(crash_for_good_while_removed_is_the_last),
	KUNIT_CASE(crashes_while_removed_are_limited),
	KUNIT_CASE(channel_without_driver_is_thawed_unrestarted),
	KUNIT_CASE(stale_crash_is_ignored),
	KUNIT_CASE(removal_takes_the_driver_first),
	{}
};

static struct kunit_suite bridge_suite = {
	.name = "apple_ans2_bridge",
	.suite_init = bridge_suite_init,
	.suite_exit = bridge_suite_exit,
	.init = bridge_test_init,
	.exit = bridge_test_exit,
	.test_cases = bridge_cases,
};

kunit_test_suites(&function_suite, &bridge_suite);
