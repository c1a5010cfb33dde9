// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite: the ANS2's host bridge
 *
 * The bridge is registered with the real PCI core, and client.c binds the
 * function. There is no co-processor: a reset of the function is what a test
 * makes of it.
 *
 * What the suite cannot see: registers behind BAR0, the interrupt, DMA, and the
 * count of the module, which is built in here.
 */

#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/dma-map-ops.h>
#include <linux/ioport.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "client.h"
#include "fake.h"
#include "rival.h"

struct bridge_test {
	struct ans_fake *fake;
	struct ans_client *client;
	struct ans_bridge *bridge;
	struct pci_dev *pdev;
	struct pci_host_bridge *host;
	struct work_struct flr;
	int flrs;
	int bound;
	int unbound;
};

static struct bridge_test *of_bridge(struct ans_bridge *bridge)
{
	return container_of(bridge, struct ans_fake, ans.bridge)->test->priv;
}

/* With the device lock of the function held */
static void count_probe(struct ans_bridge *bridge, bool bound)
{
	struct bridge_test *t = of_bridge(bridge);
	struct pci_dev *pdev = ans_bridge_get_function(bridge);

	if (bound)
		t->bound++;
	else
		t->unbound++;
	/* There is none yet while the bridge is being registered. */
	if (pdev)
		KUNIT_EXPECT_TRUE(t->fake->test,
				  mutex_is_locked(&pdev->dev.mutex));
	pci_dev_put(pdev);
}

/* With the lock of the function held */
static void start_flr(struct ans_function *fn)
{
	struct ans_bridge *bridge = container_of(fn, struct ans_bridge,
						 function);
	struct bridge_test *t = of_bridge(bridge);

	t->flrs++;
	schedule_work(&t->flr);
}

static void end_flr(struct work_struct *work)
{
	struct bridge_test *t = container_of(work, struct bridge_test, flr);

	ans_function_end_flr(&t->bridge->function);
}

static void lose(struct work_struct *work)
{
	struct bridge_test *t = container_of(work, struct bridge_test, flr);

	ans_bridge_lose(t->bridge);
}

static int bridge_test_init(struct kunit *test)
{
	struct bridge_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	t->fake = ans_fake_new(test);
	t->client = ans_client_new(t->fake);
	INIT_WORK(&t->flr, end_flr);
	t->bridge = &t->fake->ans.bridge;
	ans_bridge_init(t->bridge, t->fake->dev, CLIENT_SUBSYSTEM);
	t->bridge->irq = CLIENT_LINE;
	t->bridge->window = DEFINE_RES_MEM_NAMED(CLIENT_WINDOW, 0x40000,
						 "test window");
	t->bridge->probed = count_probe;
	t->bridge->function.start_flr = start_flr;
	return 0;
}

static void add(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, ans_bridge_add(t->bridge), 0);
	t->pdev = ans_bridge_get_function(t->bridge);
	KUNIT_ASSERT_NOT_NULL(test, t->pdev);
	ans_fake_forget(t->fake);
	t->host = t->bridge->host;
	get_device(&t->host->dev);
}

static void put_host(struct bridge_test *t)
{
	KUNIT_EXPECT_EQ(t->fake->test, kref_read(&t->host->dev.kobj.kref), 1);
	put_device(&t->host->dev);
	t->host = NULL;
}

static void remove_bridge(struct bridge_test *t)
{
	kunit_device_unregister(t->fake->test, t->fake->dev);
	t->fake->dev = NULL;
}

static void rescan(struct bridge_test *t)
{
	pci_lock_rescan_remove();
	pci_rescan_bus(t->bridge->host->bus);
	pci_unlock_rescan_remove();
}

static bool has_function(struct bridge_test *t)
{
	struct pci_dev *pdev = ans_bridge_get_function(t->bridge);

	pci_dev_put(pdev);
	return pdev;
}

/* Nobody but the test has a reference in the end. */
static void bridge_test_exit(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	if (!t || !t->fake)
		return;
	flush_work(&t->flr);
	if (t->fake->dev)
		remove_bridge(t);
	KUNIT_EXPECT_EQ(test, t->client->bound, 0);
	KUNIT_EXPECT_FALSE(test, t->bridge->pinned);
	KUNIT_EXPECT_NULL(test, t->bridge->host);
	KUNIT_EXPECT_NULL(test, t->bridge->window.parent);
	if (t->pdev) {
		KUNIT_EXPECT_EQ(test, kref_read(&t->pdev->dev.kobj.kref), 1);
		pci_dev_put(t->pdev);
	}
	if (t->host)
		put_host(t);
}

/* What the PCI core sees */

static void core_finds_the_function(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	add(test);
	KUNIT_EXPECT_GE(test, pci_domain_nr(t->pdev->bus), 0x10000);
	KUNIT_EXPECT_EQ(test, t->pdev->vendor, 0x106b);
	KUNIT_EXPECT_EQ(test, t->pdev->device, 0xa2a2);
	KUNIT_EXPECT_EQ(test, t->pdev->class, 0x010802);
	KUNIT_EXPECT_EQ(test, t->pdev->subsystem_vendor, 0x106b);
	KUNIT_EXPECT_EQ(test, t->pdev->subsystem_device, CLIENT_SUBSYSTEM);
	KUNIT_EXPECT_EQ(test, t->pdev->hdr_type, 0);
	KUNIT_EXPECT_EQ(test, t->pdev->cfg_size, 4096);
	KUNIT_EXPECT_EQ(test, pci_pcie_type(t->pdev), 9);
	KUNIT_EXPECT_EQ(test, t->pdev->msi_cap, 0);
	KUNIT_EXPECT_EQ(test, t->pdev->msix_cap, 0);
	KUNIT_EXPECT_NE(test, t->pdev->pm_cap, 0);
}

static void bus_has_no_other_function(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	u32 val = 0;

	add(test);
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

	add(test);
	KUNIT_EXPECT_EQ(test, pci_resource_start(t->pdev, 0), CLIENT_WINDOW);
	KUNIT_EXPECT_EQ(test, pci_resource_len(t->pdev, 0), 0x40000);
	KUNIT_EXPECT_EQ(test, pci_resource_flags(t->pdev, 0) &
			(IORESOURCE_MEM | IORESOURCE_PREFETCH |
			 IORESOURCE_MEM_64 | IORESOURCE_UNSET),
			IORESOURCE_MEM | IORESOURCE_MEM_64);
	KUNIT_EXPECT_PTR_EQ(test, t->pdev->resource[0].parent,
			    &t->bridge->window);
	KUNIT_EXPECT_TRUE(test, pci_is_enabled(t->pdev));
}

/* It would be posted. */
static void user_cannot_map_the_bar(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	add(test);
	KUNIT_ASSERT_NOT_NULL(test, t->pdev);
	KUNIT_EXPECT_TRUE(test, t->pdev->non_mappable_bars);
	KUNIT_EXPECT_NULL(test, sysfs_get_dirent(t->pdev->dev.kobj.sd,
						 "resource0"));
	KUNIT_EXPECT_NOT_NULL(test, sysfs_get_dirent(t->pdev->dev.kobj.sd,
						     "config"));
}

static const bool coherences[] = { false, true };

static void coherence_name(const bool *coherent, char *desc)
{
	strscpy(desc, *coherent ? "coherent" : "as the devicetree says",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(coherence, coherences, coherence_name);

/* Each time, because the core looks into the devicetree each time. */
static void driver_gets_a_coherent_function(struct kunit *test)
{
	const bool *coherent = test->param_value;
	struct bridge_test *t = test->priv;

	t->bridge->coherent = *coherent;
	add(test);
	KUNIT_EXPECT_EQ(test, dev_is_dma_coherent(&t->pdev->dev), *coherent);
	device_release_driver(&t->pdev->dev);
	KUNIT_EXPECT_EQ(test, device_attach(&t->pdev->dev), 1);
	KUNIT_EXPECT_EQ(test, dev_is_dma_coherent(&t->pdev->dev), *coherent);
}

static void interrupt_is_the_line(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	add(test);
	KUNIT_EXPECT_EQ(test, t->pdev->irq, CLIENT_LINE);
	KUNIT_EXPECT_EQ(test, t->pdev->pin, 1);
	KUNIT_EXPECT_EQ(test, t->host->map_irq(t->pdev, 0, 1), CLIENT_LINE);
	KUNIT_EXPECT_EQ(test, t->host->map_irq(t->pdev, 0, 2), -1);
}

static void core_resets_the_function(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	u32 val = 0;

	add(test);
	KUNIT_EXPECT_EQ(test, pcie_reset_flr(t->pdev, PCI_RESET_DO_RESET), 0);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(t->pdev));
	pci_read_config_dword(t->pdev, 0x04, &val);
	KUNIT_EXPECT_EQ(test, val, 0x00100000);
}

/* Drivers */

static void drivers_are_told_of(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	add(test);
	KUNIT_EXPECT_EQ(test, t->bound, 1);
	KUNIT_EXPECT_EQ(test, t->unbound, 0);

	device_release_driver(&t->pdev->dev);
	KUNIT_EXPECT_EQ(test, t->bound, 1);
	KUNIT_EXPECT_EQ(test, t->unbound, 0);

	t->client->refuses = 1;
	KUNIT_EXPECT_EQ(test, device_attach(&t->pdev->dev), 0);
	KUNIT_EXPECT_EQ(test, t->unbound, 1);
	KUNIT_EXPECT_EQ(test, device_attach(&t->pdev->dev), 1);
	KUNIT_EXPECT_EQ(test, t->bound, 2);
	KUNIT_EXPECT_EQ(test, t->unbound, 1);
	KUNIT_EXPECT_STREQ(test, t->fake->log,
			   "remove probe refuse probe bind");
}

static void driver_pins_the_module(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	KUNIT_EXPECT_FALSE(test, t->bridge->pinned);
	add(test);
	KUNIT_EXPECT_TRUE(test, t->bridge->pinned);
	device_release_driver(&t->pdev->dev);
	KUNIT_EXPECT_FALSE(test, t->bridge->pinned);
	t->client->refuses = 1;
	KUNIT_EXPECT_EQ(test, device_attach(&t->pdev->dev), 0);
	KUNIT_EXPECT_FALSE(test, t->bridge->pinned);
	KUNIT_EXPECT_EQ(test, device_attach(&t->pdev->dev), 1);
	KUNIT_EXPECT_TRUE(test, t->bridge->pinned);
	pci_stop_and_remove_bus_device_locked(t->pdev);
	KUNIT_EXPECT_FALSE(test, t->bridge->pinned);
}

static const struct {
	const char *name;
	unsigned long event;
} bus_events[] = {
	{ "added", BUS_NOTIFY_ADD_DEVICE },
	{ "bound", BUS_NOTIFY_BOUND_DRIVER },
	{ "not bound", BUS_NOTIFY_DRIVER_NOT_BOUND },
	{ "unbound", BUS_NOTIFY_UNBOUND_DRIVER },
};

static void drivers_of_others_do_not_matter(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	struct pci_dev *other;
	int i;

	add(test);
	other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, other);
	for (i = 0; i < ARRAY_SIZE(bus_events); i++) {
		struct notifier_block *nb = &t->bridge->notifier;

		nb->notifier_call(nb, bus_events[i].event, &other->dev);
		KUNIT_EXPECT_EQ_MSG(test, t->bound, 1, "%s",
				    bus_events[i].name);
		KUNIT_EXPECT_EQ_MSG(test, t->unbound, 0, "%s",
				    bus_events[i].name);
		KUNIT_EXPECT_TRUE_MSG(test, t->bridge->pinned, "%s",
				      bus_events[i].name);
	}
}

/* The function comes and goes */

/* Also while somebody adds or removes devices */
static void function_is_found_without_the_lock_of_the_core(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	KUNIT_EXPECT_FALSE(test, has_function(t));
	add(test);
	pci_lock_rescan_remove();
	KUNIT_EXPECT_TRUE(test, has_function(t));
	pci_stop_and_remove_bus_device(t->pdev);
	KUNIT_EXPECT_FALSE(test, has_function(t));
	pci_unlock_rescan_remove();
}

static void bridge_is_empty_until_a_rescan(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	KUNIT_EXPECT_FALSE(test, ans_bridge_is_empty(t->bridge));
	add(test);
	KUNIT_EXPECT_FALSE(test, ans_bridge_is_empty(t->bridge));
	pci_stop_and_remove_bus_device_locked(t->pdev);
	KUNIT_EXPECT_TRUE(test, ans_bridge_is_empty(t->bridge));
	rescan(t);
	KUNIT_EXPECT_FALSE(test, ans_bridge_is_empty(t->bridge));
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove probe bind");
}

/* As a card that is pulled */
static void lost_function_is_removed_for_good(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	add(test);
	ans_bridge_lose(t->bridge);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "pulled");
	KUNIT_EXPECT_TRUE(test, t->pdev->error_state ==
				pci_channel_io_perm_failure);
	KUNIT_EXPECT_FALSE(test, has_function(t));
	KUNIT_EXPECT_FALSE(test, ans_bridge_is_empty(t->bridge));
	rescan(t);
	KUNIT_EXPECT_FALSE(test, has_function(t));
}

static void function_can_be_lost_while_it_is_removed(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	add(test);
	pci_stop_and_remove_bus_device_locked(t->pdev);
	ans_bridge_lose(t->bridge);
	KUNIT_EXPECT_FALSE(test, ans_bridge_is_empty(t->bridge));
	rescan(t);
	KUNIT_EXPECT_FALSE(test, has_function(t));
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove");
}

/* The removal needs both locks of whoever waits. */
static void loss_ends_the_wait_for_a_reset(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	add(test);
	INIT_WORK(&t->flr, lose);
	pci_lock_rescan_remove();
	device_lock(&t->pdev->dev);
	KUNIT_EXPECT_NE(test, pcie_reset_flr(t->pdev, PCI_RESET_DO_RESET), 0);
	device_unlock(&t->pdev->dev);
	pci_unlock_rescan_remove();
	flush_work(&t->flr);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "pulled");
	KUNIT_EXPECT_FALSE(test, has_function(t));
}

/* A driver that is being bound waits for a reset, with the rescan lock. */
static void reset_at_probe(struct ans_client *client, struct pci_dev *pdev,
			   const char *event)
{
	if (!strcmp(event, "probe"))
		KUNIT_EXPECT_NE(client->fake->test,
				pcie_reset_flr(pdev, PCI_RESET_DO_RESET), 0);
}

static void function_can_be_lost_while_it_is_bound(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	INIT_WORK(&t->flr, lose);
	t->client->at = reset_at_probe;
	t->client->refuses = 1;
	KUNIT_ASSERT_EQ(test, ans_bridge_add(t->bridge), 0);
	flush_work(&t->flr);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
	KUNIT_EXPECT_FALSE(test, has_function(t));
	KUNIT_EXPECT_STREQ(test, t->fake->log, "probe refuse");
}

/* Set-up and removal */

static void removal_takes_the_driver_first(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	add(test);
	remove_bridge(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove");
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
	KUNIT_EXPECT_FALSE(test, has_function(t));
	KUNIT_EXPECT_FALSE(test, ans_bridge_is_empty(t->bridge));
}

/* For the driver it is there until the driver has let go of it. */
static void reset_at_removal(struct ans_client *client, struct pci_dev *pdev,
			     const char *event)
{
	struct kunit *test = client->fake->test;
	struct bridge_test *t = test->priv;

	if (strcmp(event, "remove"))
		return;
	KUNIT_EXPECT_EQ(test, pcie_reset_flr(pdev, PCI_RESET_DO_RESET), 0);
	/* A recovery that it waits for needs the lock. */
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&t->bridge->lock));
}

static void driver_can_reset_the_function_at_removal(struct kunit *test)
{
	struct bridge_test *t = test->priv;

	add(test);
	t->client->at = reset_at_removal;
	remove_bridge(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove");
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
}

static void domain_is_free_again(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	int domain;

	add(test);
	domain = pci_domain_nr(t->pdev->bus);
	pci_dev_put(t->pdev);
	t->pdev = NULL;
	remove_bridge(t);
	put_host(t);

	t->fake->dev = kunit_device_register(test, "again");
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->fake->dev));
	t->bridge->dev = t->fake->dev;
	add(test);
	KUNIT_EXPECT_EQ(test, pci_domain_nr(t->pdev->bus), domain);
}

static void window_of_somebody_else_is_refused(struct kunit *test)
{
	struct resource other = DEFINE_RES_MEM_NAMED(CLIENT_WINDOW, 0x1000,
						     "other");
	struct bridge_test *t = test->priv;
	int ret;

	KUNIT_ASSERT_EQ(test, request_resource(&iomem_resource, &other), 0);
	ret = ans_bridge_add(t->bridge);
	release_resource(&other);
	KUNIT_EXPECT_EQ(test, ret, -EBUSY);
	KUNIT_EXPECT_FALSE(test, has_function(t));
	KUNIT_EXPECT_STREQ(test, t->fake->log, "");
}

/* Locks */

struct call {
	const char *name;
	void (*run)(void *data);
};

static void call_get_function(void *data)
{
	has_function(data);
}

static void call_is_empty(void *data)
{
	struct bridge_test *t = data;

	ans_bridge_is_empty(t->bridge);
}

static void call_lose(void *data)
{
	struct bridge_test *t = data;

	ans_bridge_lose(t->bridge);
}

static void call_remove(void *data)
{
	remove_bridge(data);
}

static const struct call calls[] = {
	{ "get_function", call_get_function },
	{ "is_empty", call_is_empty },
	{ "lose", call_lose },
	{ "remove", call_remove },
};

KUNIT_ARRAY_PARAM_DESC(call, calls, name);

static void lock_is_waited_for(struct kunit *test)
{
	const struct call *call = test->param_value;
	struct bridge_test *t = test->priv;
	struct ans_rival rival;

	add(test);
	mutex_lock(&t->bridge->lock);
	ans_rival_start(&rival, call->run, t);
	KUNIT_EXPECT_TRUE(test, ans_rival_waits(&rival));
	KUNIT_EXPECT_NOT_NULL(test, t->bridge->host);
	mutex_unlock(&t->bridge->lock);
	ans_rival_end(&rival);
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&t->bridge->lock));
}

static void call_add(void *data)
{
	struct bridge_test *t = data;

	KUNIT_EXPECT_EQ(t->fake->test, ans_bridge_add(t->bridge), 0);
}

/* The other one takes the lock. */
static void ignore_probe(struct ans_bridge *bridge, bool bound)
{
}

static void host_is_told_under_the_lock(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	struct ans_rival rival;
	int i;

	t->bridge->probed = ignore_probe;
	mutex_lock(&t->bridge->lock);
	ans_rival_start(&rival, call_add, t);
	KUNIT_EXPECT_TRUE(test, ans_rival_waits(&rival));
	for (i = 0; i < 20 && !t->bridge->host; i++)
		msleep(20);
	KUNIT_EXPECT_NULL(test, t->bridge->host);
	mutex_unlock(&t->bridge->lock);
	ans_rival_end(&rival);
	KUNIT_EXPECT_TRUE(test, has_function(t));
}

/* Who has it may be about to use the bus. */
static void removal_waits_for_the_lock_of_the_core(struct kunit *test)
{
	struct bridge_test *t = test->priv;
	struct ans_rival rival;

	add(test);
	pci_lock_rescan_remove();
	ans_rival_start(&rival, call_remove, t);
	KUNIT_EXPECT_TRUE(test, ans_rival_waits(&rival));
	KUNIT_EXPECT_STREQ(test, t->fake->log, "");
	pci_unlock_rescan_remove();
	ans_rival_end(&rival);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove");
}

static struct kunit_case bridge_cases[] = {
	KUNIT_CASE(core_finds_the_function),
	KUNIT_CASE(bus_has_no_other_function),
	KUNIT_CASE(bar_is_the_window),
	KUNIT_CASE(user_cannot_map_the_bar),
	KUNIT_CASE_PARAM(driver_gets_a_coherent_function, coherence_gen_params),
	KUNIT_CASE(interrupt_is_the_line),
	KUNIT_CASE(core_resets_the_function),
	KUNIT_CASE(drivers_are_told_of),
	KUNIT_CASE(driver_pins_the_module),
	KUNIT_CASE(drivers_of_others_do_not_matter),
	KUNIT_CASE(function_is_found_without_the_lock_of_the_core),
	KUNIT_CASE(bridge_is_empty_until_a_rescan),
	KUNIT_CASE(lost_function_is_removed_for_good),
	KUNIT_CASE(function_can_be_lost_while_it_is_removed),
	KUNIT_CASE(function_can_be_lost_while_it_is_bound),
	KUNIT_CASE(loss_ends_the_wait_for_a_reset),
	KUNIT_CASE(removal_takes_the_driver_first),
	KUNIT_CASE(driver_can_reset_the_function_at_removal),
	KUNIT_CASE(domain_is_free_again),
	KUNIT_CASE(window_of_somebody_else_is_refused),
	KUNIT_CASE_PARAM(lock_is_waited_for, call_gen_params),
	KUNIT_CASE(host_is_told_under_the_lock),
	KUNIT_CASE(removal_waits_for_the_lock_of_the_core),
	{}
};

static struct kunit_suite bridge_suite = {
	.name = "apple_ans2_bridge",
	.init = bridge_test_init,
	.exit = bridge_test_exit,
	.test_cases = bridge_cases,
};

kunit_test_suite(bridge_suite);
