// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: a driver for the ANS2's PCI function
 *
 * It binds the function in place of nvme-pci, behind whose BAR there is nothing
 * here. What happens to it goes into the log of the fake ANS2:
 *
 *   probe           it is to have the function
 *   bind refuse     and takes / does not take it
 *   prepare done    before and after a reset by the PCI core
 *   flr             a reset of its own has succeeded
 *   remove pulled   its function is taken away / does not answer any more
 */

#include <kunit/test.h>

#include <linux/device.h>
#include <linux/pci.h>

#include "client.h"
#include "fake.h"

static const struct pci_device_id client_ids[] = {
	{ PCI_DEVICE_SUB(0x106b, 0xa2a2, 0x106b, CLIENT_SUBSYSTEM) },
	{}
};

static struct ans_client *to_client(struct pci_dev *pdev)
{
	return container_of(to_pci_driver(pdev->dev.driver), struct ans_client,
			    driver);
}

/* All that the PCI core calls, it calls with the lock of the device held. */
static struct ans_client *event(struct pci_dev *pdev, const char *what)
{
	struct ans_client *client = to_client(pdev);

	KUNIT_EXPECT_TRUE_MSG(client->fake->test,
			      mutex_is_locked(&pdev->dev.mutex),
			      "%s without the lock", what);
	ans_fake_log(client->fake, what);
	if (client->at)
		client->at(client, pdev, what);
	return client;
}

/* BAR0 can be used, as nvme-pci does it */
static int enable(struct pci_dev *pdev)
{
	int ret = pci_enable_device_mem(pdev);

	if (!ret)
		pci_set_master(pdev);
	return ret;
}

static void disable(struct pci_dev *pdev)
{
	if (pci_is_enabled(pdev))
		pci_disable_device(pdev);
}

/* As nvme-pci gets rid of a controller that it could not disable */
static void reset(struct pci_dev *pdev)
{
	disable(pdev);
	if (!pcie_reset_flr(pdev, PCI_RESET_DO_RESET)) {
		event(pdev, "flr");
		pci_restore_state(pdev);
	}
}

static int client_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ans_client *client = event(pdev, "probe");

	if (client->crashes) {
		client->crashes--;
		ans_fake_crash(client->fake);
		event(pdev, "refuse");
		return -EIO;
	}
	if (client->refuses) {
		client->refuses--;
		event(pdev, "refuse");
		return -EIO;
	}
	event(pdev, "bind");
	client->bound++;
	return enable(pdev);
}

static void client_remove(struct pci_dev *pdev)
{
	struct ans_client *client;

	client = event(pdev, pci_device_is_present(pdev) ? "remove" : "pulled");
	client->bound--;
	disable(pdev);
}

static void client_prepare(struct pci_dev *pdev)
{
	struct ans_client *client = event(pdev, "prepare");

	if (client->resets_first)
		reset(pdev);
	disable(pdev);
}

static void client_done(struct pci_dev *pdev)
{
	struct ans_client *client = event(pdev, "done");

	if (client->gives_up)
		return;
	KUNIT_EXPECT_EQ(client->fake->test, enable(pdev), 0);
	if (!client->resets_after)
		return;
	client->resets_after--;
	reset(pdev);
	KUNIT_EXPECT_EQ(client->fake->test, enable(pdev), 0);
}

static const struct pci_error_handlers client_handlers = {
	.reset_prepare = client_prepare,
	.reset_done = client_done,
};

/* nvme-pci would bind the function as well. */
static int client_keep(struct notifier_block *nb, unsigned long action,
		       void *data)
{
	struct ans_client *client = container_of(nb, struct ans_client, keep);
	struct pci_dev *pdev = to_pci_dev(data);

	if (action == BUS_NOTIFY_ADD_DEVICE && pci_match_id(client_ids, pdev))
		KUNIT_EXPECT_EQ(client->fake->test,
				device_set_driver_override(&pdev->dev,
							   client->driver.name),
				0);
	return NOTIFY_OK;
}

static void client_unregister(void *data)
{
	struct ans_client *client = data;

	pci_unregister_driver(&client->driver);
	bus_unregister_notifier(&pci_bus_type, &client->keep);
}

/* Registers the driver; the test ends with taking it away. */
struct ans_client *ans_client_new(struct ans_fake *fake)
{
	struct kunit *test = fake->test;
	struct ans_client *client;
	int ret;

	client = kunit_kzalloc(test, sizeof(*client), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, client);
	client->fake = fake;
	client->keep.notifier_call = client_keep;
	client->driver = (struct pci_driver) {
		.name = "apple-ans2-kunit",
		.id_table = client_ids,
		.probe = client_probe,
		.remove = client_remove,
		.err_handler = &client_handlers,
	};
	ret = bus_register_notifier(&pci_bus_type, &client->keep);
	KUNIT_ASSERT_EQ(test, ret, 0);
	ret = pci_register_driver(&client->driver);
	if (ret)
		bus_unregister_notifier(&pci_bus_type, &client->keep);
	KUNIT_ASSERT_EQ(test, ret, 0);
	ret = kunit_add_action_or_reset(test, client_unregister, client);
	KUNIT_ASSERT_EQ(test, ret, 0);
	return client;
}
