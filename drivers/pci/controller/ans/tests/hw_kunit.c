// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite: what the set-up of the ANS2 finds
 *
 * The registers are addresses behind which there is nothing: they are mapped
 * and not read. The power domain is the test's own, in any node of the
 * devicetree.
 *
 * What the suite cannot see: the reset line, the filter and the mailbox.
 */

#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/pfn.h>
#include <linux/platform_device.h>
#include <linux/pm_domain.h>

#include "client.h"
#include "fake.h"

#define ASC	(CLIENT_WINDOW + 0x100000)
#define SIZE	0x40000

struct hw_test {
	struct ans ans;
	struct platform_device *pdev;
};

struct window {
	const char *name;
	u64 offset;
	u64 size;
	unsigned long flags;
	bool good;
};

static const struct window windows[] = {
	{ "as it is", 0, SIZE, 0, true },
	{ "non-posted", 0, SIZE, IORESOURCE_MEM_NONPOSTED, true },
	{ "small", 0, SIZE / 2 },
	{ "larger, as on an M3", 0, SIZE + SIZE / 2, 0, true },
	{ "unaligned", SIZE / 2, SIZE },
};

KUNIT_ARRAY_PARAM_DESC(window, windows, name);

static void hw_remove(void *data)
{
	struct hw_test *t = data;

	platform_device_unregister(t->pdev);
	t->pdev = NULL;
}

static void find_resources(struct kunit *test, const struct window *window,
			   struct hw_test *t)
{
	struct resource res[] = {
		DEFINE_RES_IRQ(CLIENT_LINE),
		DEFINE_RES_MEM_NAMED(ASC, SIZE, "ans"),
		DEFINE_RES_MEM_NAMED(CLIENT_WINDOW + window->offset,
				     window->size, "nvme"),
	};
	const struct platform_device_info info = {
		.name = "ans2-kunit",
		.id = PLATFORM_DEVID_NONE,
		.res = res,
		.num_res = ARRAY_SIZE(res),
		.dma_mask = DMA_BIT_MASK(32),
	};

	res[2].flags |= window->flags;
	t->pdev = platform_device_register_full(&info);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->pdev));
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, hw_remove, t), 0);
	t->ans.fw.dev = &t->pdev->dev;
	/* The reset line is the last that it looks for. */
	KUNIT_EXPECT_LT(test, ans_hw_parts.resources(&t->ans), 0);
}

static void window_is_checked(struct kunit *test)
{
	const struct window *window = test->param_value;
	struct hw_test *t = test->priv;

	find_resources(test, window, t);
	KUNIT_EXPECT_EQ(test, t->pdev->dev.coherent_dma_mask,
			DMA_BIT_MASK(64));
	KUNIT_EXPECT_EQ(test, t->ans.bridge.irq, CLIENT_LINE);
	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(t->ans.fw.asc));
	KUNIT_EXPECT_EQ(test, !!t->ans.fw.nvme_boot_status, window->good);
	KUNIT_EXPECT_EQ(test, !!t->ans.fw.reset, window->good);
	if (!window->good)
		return;
	KUNIT_EXPECT_EQ(test, t->ans.bridge.window.start, CLIENT_WINDOW);
	KUNIT_EXPECT_EQ(test, resource_size(&t->ans.bridge.window), SIZE);
	KUNIT_EXPECT_EQ(test, t->ans.bridge.window.flags, IORESOURCE_MEM);
}

#if IS_BUILTIN(CONFIG_APPLE_ANS2) && defined(CONFIG_ARM64)
static int copy_pte(pte_t *pte, unsigned long addr, void *data)
{
	*(pte_t *)data = READ_ONCE(*pte);
	return 0;
}

static pte_t pte_of(struct kunit *test, unsigned long addr)
{
	pte_t pte = __pte(0);

	KUNIT_EXPECT_EQ(test, apply_to_page_range(&init_mm, addr & PAGE_MASK,
						  PAGE_SIZE, copy_pte, &pte),
			0);
	return pte;
}

/* The kind of memory of a mapping that is made with @flags */
static u64 attribute_of(struct kunit *test, unsigned long flags)
{
	void __iomem *regs = flags ? ioremap_np(CLIENT_WINDOW, 4) :
				     ioremap(CLIENT_WINDOW, 4);
	pte_t pte;

	KUNIT_ASSERT_NOT_NULL(test, (__force void *)regs);
	pte = pte_of(test, (__force unsigned long)regs);
	iounmap(regs);
	return pte_val(pte) & PTE_ATTRINDX_MASK;
}

static void boot_status_is_mapped(struct kunit *test)
{
	const struct window *window = test->param_value;
	struct hw_test *t = test->priv;
	unsigned long addr;
	pte_t pte;

	if (!window->good)
		kunit_skip(test, "not mapped");
	find_resources(test, window, t);
	addr = (__force unsigned long)t->ans.fw.nvme_boot_status;
	pte = pte_of(test, addr);
	KUNIT_EXPECT_EQ(test, pte_pfn(pte), PHYS_PFN(CLIENT_WINDOW + 0x1300));
	KUNIT_EXPECT_EQ(test, offset_in_page(addr), offset_in_page(0x1300));
	KUNIT_EXPECT_EQ(test, pte_val(pte) & PTE_ATTRINDX_MASK,
			attribute_of(test, window->flags));

	kunit_release_action(test, hw_remove, t);
	KUNIT_EXPECT_TRUE(test, pte_none(pte_of(test, addr)));
}
#else
static void boot_status_is_mapped(struct kunit *test)
{
	kunit_skip(test, "page tables cannot be seen");
}
#endif

/* Power domains */

/**
 * struct domain - a power domain, and a device in it twice
 * @genpd: for the core
 * @ons: how often it was switched on
 * @np: its node
 * @cells: what makes it a provider
 * @node: the node of the device
 * @prop: names the domain there
 * @phandles: its value
 */
struct domain {
	struct generic_pm_domain genpd;
	int ons;
	struct device_node *np;
	struct property cells;
	struct device_node node;
	struct property prop;
	__be32 phandles[2];
};

static int domain_on(struct generic_pm_domain *genpd)
{
	container_of(genpd, struct domain, genpd)->ons++;
	return 0;
}

static void forget_domain(void *data)
{
	struct domain *d = data;

	d->np->properties = d->cells.next;
}

/* The node of the devicetree becomes a provider for this test. */
static struct domain *new_domain(struct kunit *test)
{
	static const __be32 zero;
	struct domain *d = kunit_kzalloc(test, sizeof(*d), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->np = of_find_node_with_property(NULL, "phandle");
	if (!d->np)
		kunit_skip(test, "needs a devicetree");
	of_node_put(d->np);
	d->cells = (struct property) {
		.name = "#power-domain-cells",
		.value = (void *)&zero,
		.length = sizeof(zero),
		.next = d->np->properties,
	};
	d->phandles[0] = cpu_to_be32(d->np->phandle);
	d->phandles[1] = d->phandles[0];
	d->prop = (struct property) {
		.name = "power-domains",
		.value = d->phandles,
		.length = sizeof(d->phandles),
	};
	of_node_init(&d->node);
	d->node.full_name = "ans2-kunit";
	d->node.properties = &d->prop;
	d->genpd.name = "ans2-kunit";
	d->genpd.power_on = domain_on;
	d->np->properties = &d->cells;
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, forget_domain, d), 0);
	return d;
}

/* The device, with the node while the domains are looked for */
static int attach(struct kunit *test, struct domain *d, struct device **dev)
{
	struct hw_test *t = test->priv;
	int ret;

	*dev = kunit_device_register(test, "ans2-power");
	KUNIT_ASSERT_FALSE(test, IS_ERR(*dev));
	t->ans.fw.dev = *dev;
	(*dev)->of_node = &d->node;
	ret = ans_hw_parts.power(&t->ans);
	(*dev)->of_node = NULL;
	return ret;
}

static void power_domains_are_switched_on(struct kunit *test)
{
	struct domain *d = new_domain(test);
	struct hw_test *t = test->priv;
	struct device *dev;
	int ret;

	KUNIT_ASSERT_EQ(test, pm_genpd_init(&d->genpd, NULL, true), 0);
	ret = of_genpd_add_provider_simple(d->np, &d->genpd);
	if (!ret) {
		KUNIT_EXPECT_EQ(test, attach(test, d, &dev), 0);
		KUNIT_EXPECT_EQ(test, d->ons, 1);
		KUNIT_EXPECT_TRUE(test, t->ans.domains &&
				  t->ans.domains->num_pds == 2);
		kunit_device_unregister(test, dev);
		of_genpd_del_provider(d->np);
	}
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, pm_genpd_remove(&d->genpd), 0);
}

static void missing_power_domain_is_an_error(struct kunit *test)
{
	struct domain *d = new_domain(test);
	struct hw_test *t = test->priv;
	struct device *dev;

	KUNIT_EXPECT_LT(test, attach(test, d, &dev), 0);
	KUNIT_EXPECT_NULL(test, t->ans.domains);
}

static int hw_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct hw_test), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static struct kunit_case hw_cases[] = {
	KUNIT_CASE_PARAM(window_is_checked, window_gen_params),
	KUNIT_CASE_PARAM(boot_status_is_mapped, window_gen_params),
	KUNIT_CASE(power_domains_are_switched_on),
	KUNIT_CASE(missing_power_domain_is_an_error),
	{}
};

static struct kunit_suite hw_suite = {
	.name = "apple_ans2_hw",
	.init = hw_test_init,
	.test_cases = hw_cases,
};

kunit_test_suite(hw_suite);
