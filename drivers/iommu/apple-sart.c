// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple SART: allow-list for the DMA of a co-processor
 *
 * The hardware:
 *
 *  - A SART sits between a co-processor and memory. It lets an access through
 *    if one of its 16 entries covers it, and blocks it otherwise. It does not
 *    translate.
 *  - An entry is an address, a size and flags, all in units of 4 KiB. Flags of
 *    zero make it free; the value that permits reads and writes is known, what
 *    each of its bits means is not.
 *  - The versions differ in the width of the fields and in where the size is.
 *    They are numbered as in the drivers of Linux (drivers/soc/apple/sart.c)
 *    and m1n1, which agree on all fields; the devicetree binding calls v0
 *    "SART1".
 *  - The boot loader leaves entries behind for the firmware it has loaded.
 *
 * The driver:
 *
 *  - Entries found in use at probe are the boot loader's. They are never
 *    written.
 *  - An entry never permits more than its consumer asked for, not even between
 *    two register writes: the flags are written last when a region is allowed
 *    and first when it is revoked. sart_set_entry() and sart_clear_entry() are
 *    the only writers and say how the order is kept, and where it depends on
 *    the filter.
 *  - What is written is read back. A region counts as allowed or revoked once
 *    the filter says so.
 *  - The driver does not enable runtime PM, so the power domain stays on while
 *    it is bound and the system runs. In system sleep the domain is switched
 *    off. Whether the filter loses its entries then is not known: consumers
 *    revoke before suspend, and nothing is restored on resume.
 */

#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include <linux/apple-sart.h>
#include <linux/apple-ssd.h>

#if IS_ENABLED(CONFIG_APPLE_SART_FILTER_KUNIT_TEST)
#include <kunit/static_stub.h>
#else
#define KUNIT_STATIC_STUB_REDIRECT(...)
#endif

/*
 * One 32-bit word per entry in each bank. Linux, m1n1 and OpenBSD agree.
 *
 * CONFIG holds the flags and, on a filter without the SIZE bank, the size.
 * PADDR and SIZE count pages of APPLE_SART_GRANULE bytes.
 */
#define SART_CONFIG(i)		(0x00 + 4 * (i))
#define SART_PADDR(i)		(0x40 + 4 * (i))
#define SART_SIZE(i)		(0x80 + 4 * (i))
#define SART_REGS_SIZE		0xc0
#define SART_ENTRIES		16

/**
 * struct apple_sart_hw - what differs between versions of the filter
 * @name: name of the version
 * @has_size_bank: the size is in the SIZE bank, not in CONFIG
 * @flags_mask: bits of CONFIG that hold the flags
 * @size_mask: bits of SIZE or of CONFIG that hold the size
 * @flags_allow: value of the flags that permits everything
 * @addr_bits: width of the addresses that the filter compares
 *
 * The widths of addresses are those of the devicetree binding apple,sart.yaml.
 * The binding gives "SART1" sizes of 24 bits, which fits neither the 19-bit
 * field nor the granule; the field is what Linux uses.
 */
struct apple_sart_hw {
	const char *name;
	bool has_size_bank;
	u32 flags_mask;
	u32 size_mask;
	u8 flags_allow;
	u8 addr_bits;
};

static const struct apple_sart_hw apple_sart_v0 = {
	.name = "v0",
	.flags_mask = GENMASK(28, 24),
	.size_mask = GENMASK(18, 0),
	.flags_allow = 0xf,
	.addr_bits = 36,
};

static const struct apple_sart_hw apple_sart_v2 = {
	.name = "v2",
	.flags_mask = GENMASK(31, 24),
	.size_mask = GENMASK(23, 0),
	.flags_allow = 0xff,
	.addr_bits = 36,
};

static const struct apple_sart_hw apple_sart_v3 = {
	.name = "v3",
	.has_size_bank = true,
	.flags_mask = GENMASK(7, 0),
	.size_mask = GENMASK(29, 0),
	.flags_allow = 0xff,
	.addr_bits = 42,
};

enum apple_sart_owner {
	SART_FREE,
	SART_BOOT_LOADER,
	SART_DRIVER,
};

/* The region [phys, phys + size) */
struct apple_sart_entry {
	u64 phys;
	u64 size;
	u32 flags;
};

/**
 * struct apple_sart - one filter
 * @node: in apple_sart_list while the driver is bound
 * @ref: one reference of the binding, one of each consumer
 * @dev: the filter's device
 * @hw: its version
 * @regs: its registers; NULL once the driver is unbound
 * @debugfs: file that shows them
 * @owner: whose each entry is
 * @allowed: for the entries of SART_DRIVER, the region that was asked for
 */
struct apple_sart {
	struct list_head node;
	struct kref ref;
	struct device *dev;
	const struct apple_sart_hw *hw;
	void __iomem *regs;
	struct dentry *debugfs;
	enum apple_sart_owner owner[SART_ENTRIES];
	struct apple_sart_entry allowed[SART_ENTRIES];
};

/*
 * Protects apple_sart_list and, in every filter, @regs, @owner, @allowed and
 * the order of register accesses: no two writers may interleave within one
 * entry. Taken in process context only, a few times per boot of a co-processor,
 * so one lock serves all filters. Inside it, only the driver core takes locks
 * (device_link_add()), and it does not call back.
 */
static DEFINE_MUTEX(apple_sart_lock);
static LIST_HEAD(apple_sart_list);

static u32 sart_read(struct apple_sart *sart, u32 offset)
{
	KUNIT_STATIC_STUB_REDIRECT(sart_read, sart, offset);
	return readl(sart->regs + offset);
}

static void sart_write(struct apple_sart *sart, u32 offset, u32 value)
{
	KUNIT_STATIC_STUB_REDIRECT(sart_write, sart, offset, value);
	writel(value, sart->regs + offset);
}

static u32 sart_field_set(u32 mask, u32 value)
{
	return (value << __ffs(mask)) & mask;
}

static u32 sart_field_get(u32 mask, u32 reg)
{
	return (reg & mask) >> __ffs(mask);
}

static void sart_get_entry(struct apple_sart *sart, unsigned int i,
			   struct apple_sart_entry *entry)
{
	const struct apple_sart_hw *hw = sart->hw;
	u32 config = sart_read(sart, SART_CONFIG(i));
	u32 size = config;

	if (hw->has_size_bank)
		size = sart_read(sart, SART_SIZE(i));

	entry->flags = sart_field_get(hw->flags_mask, config);
	entry->size = (u64)sart_field_get(hw->size_mask, size) *
		      APPLE_SART_GRANULE;
	entry->phys = (u64)sart_read(sart, SART_PADDR(i)) * APPLE_SART_GRANULE;
}

/*
 * sart_clear_entry() - make an entry free
 *
 * The flags go first. On a filter without the SIZE bank the same write clears
 * the size. The read that follows is answered by the filter after it has taken
 * the write, so from there on the old permission is gone: the address may
 * change and, once this returns, the memory may be reused.
 *
 * All accesses are writel() and readl() to one device, which arrive in program
 * order (Documentation/memory-barriers.txt, "Kernel I/O barrier effects");
 * no further barrier is needed between them. The reads are there because a
 * later store to another device or to memory is not ordered against a write
 * that is still on its way to the filter.
 *
 * Return: 0, or -EIO if the flags are still set. The address is then left
 * alone, or a permission would move to memory that nobody asked for.
 */
static int sart_clear_entry(struct apple_sart *sart, unsigned int i)
{
	lockdep_assert_held(&apple_sart_lock);

	sart_write(sart, SART_CONFIG(i), 0);
	if (sart_read(sart, SART_CONFIG(i)) & sart->hw->flags_mask)
		return -EIO;

	if (sart->hw->has_size_bank)
		sart_write(sart, SART_SIZE(i), 0);
	sart_write(sart, SART_PADDR(i), 0);
	return 0;
}

/*
 * sart_set_entry() - make a free entry permit a region
 *
 * The flags go last, and only after the address has been read back, and the
 * size where it has a bank of its own: bits that the filter does not have would
 * make it permit other memory.
 *
 * Where size and flags share a register they are written at once, as all known
 * drivers do: nobody knows whether a size without flags is kept. The size is
 * checked when the flags are set already. What a filter that takes another size
 * permits from the write to the check is not under control.
 *
 * The last read makes the entry effective before the caller tells the
 * co-processor about the region, which it does through another device. See
 * sart_clear_entry() for the ordering of the accesses.
 *
 * The flags are compared with zero and not with what was written, as nobody
 * knows whether every bit of them exists.
 *
 * Return: 0, or -EIO if the filter did not take the values; the entry is then
 * cleared again, if the filter lets us.
 */
static int sart_set_entry(struct apple_sart *sart, unsigned int i,
			  const struct apple_sart_entry *entry)
{
	const struct apple_sart_hw *hw = sart->hw;
	u32 config = sart_field_set(hw->flags_mask, entry->flags);
	u32 phys = entry->phys / APPLE_SART_GRANULE;
	u32 size = entry->size / APPLE_SART_GRANULE;
	struct apple_sart_entry now;

	lockdep_assert_held(&apple_sart_lock);

	if (!hw->has_size_bank)
		config |= sart_field_set(hw->size_mask, size);

	sart_write(sart, SART_PADDR(i), phys);
	if (hw->has_size_bank)
		sart_write(sart, SART_SIZE(i), size);

	sart_get_entry(sart, i, &now);
	if (now.phys != entry->phys ||
	    (hw->has_size_bank && now.size != entry->size))
		goto refused;

	sart_write(sart, SART_CONFIG(i), config);
	sart_get_entry(sart, i, &now);
	if (now.flags && now.size == entry->size)
		return 0;

refused:
	if (sart_clear_entry(sart, i))
		dev_err(sart->dev, "entry %u cannot be cleared\n", i);
	return -EIO;
}

/* Can this version of the filter express the region? */
static int sart_check_region(const struct apple_sart_hw *hw, u64 phys, u64 size)
{
	if (!IS_ALIGNED(phys | size, APPLE_SART_GRANULE))
		return -EINVAL;
	if (!size)
		return -ENODATA;
	if (size / APPLE_SART_GRANULE > hw->size_mask)
		return -E2BIG;
	if (phys >> hw->addr_bits)
		return -ERANGE;
	/* Neither is near U64_MAX, so the sum does not wrap. */
	if (phys + size > BIT_ULL(hw->addr_bits))
		return -EOVERFLOW;
	return 0;
}

/*
 * Entries of the boot loader are left out. What they cover is permitted
 * already, and nothing is known about memory they may share with a buffer.
 */
static bool sart_overlaps(struct apple_sart *sart, u64 phys, u64 size)
{
	unsigned int i;

	for (i = 0; i < SART_ENTRIES; i++) {
		const struct apple_sart_entry *entry = &sart->allowed[i];

		if (sart->owner[i] == SART_DRIVER &&
		    phys < entry->phys + entry->size &&
		    entry->phys < phys + size)
			return true;
	}

	return false;
}

/*
 * An entry that is free for us but shows flags is not taken: writing its
 * address would move a permission.
 */
static int sart_find_free(struct apple_sart *sart)
{
	unsigned int i;

	for (i = 0; i < SART_ENTRIES; i++) {
		u32 config;

		if (sart->owner[i] != SART_FREE)
			continue;

		config = sart_read(sart, SART_CONFIG(i));
		if (!(config & sart->hw->flags_mask))
			return i;
	}

	return -ENOSPC;
}

static int sart_allow_locked(struct apple_sart *sart, u64 phys, u64 size)
{
	const struct apple_sart_entry entry = {
		.phys = phys,
		.size = size,
		.flags = sart->hw->flags_allow,
	};
	int ret, i;

	lockdep_assert_held(&apple_sart_lock);

	if (!sart->regs)
		return -ENODEV;

	ret = sart_check_region(sart->hw, phys, size);
	if (ret)
		return ret;

	if (sart_overlaps(sart, phys, size))
		return -EEXIST;

	i = sart_find_free(sart);
	if (i < 0)
		return i;

	ret = sart_set_entry(sart, i, &entry);
	if (ret)
		return ret;

	sart->owner[i] = SART_DRIVER;
	sart->allowed[i] = entry;
	return 0;
}

/**
 * apple_sart_allow() - let the co-processor access a region of memory
 * @sart: filter, from devm_apple_sart_lookup()
 * @phys: physical address of the region
 * @size: its size in bytes
 *
 * Permits reads and writes of [@phys, @phys + @size). Both values must be
 * multiples of %APPLE_SART_GRANULE. When this returns 0 the filter lets
 * accesses through, and the co-processor may be told about the region; it must
 * not be told before.
 *
 * On an error nothing is permitted that was not permitted before, and nothing
 * needs to be undone, unless the filter neither takes an entry nor gives it up,
 * which is logged. If more than one error applies, the first in the list below
 * is returned.
 *
 * Context: Process context. Takes and releases a mutex.
 * Return:
 * * %0		- the region is allowed
 * * %-ENODEV	- the driver of the filter is unbound
 * * %-EINVAL	- @phys or @size is not a multiple of %APPLE_SART_GRANULE
 * * %-ENODATA	- @size is zero
 * * %-E2BIG	- @size is more than one entry of this filter can hold
 * * %-ERANGE	- @phys is beyond the addresses that this filter compares
 * * %-EOVERFLOW - the region starts within these addresses and ends beyond
 * * %-EEXIST	- the region, or a part of it, is allowed already
 * * %-ENOSPC	- all entries are in use
 * * %-EIO	- the filter did not take the entry
 */
int apple_sart_allow(struct apple_sart *sart, phys_addr_t phys, size_t size)
{
	int ret;

	mutex_lock(&apple_sart_lock);
	ret = sart_allow_locked(sart, phys, size);
	mutex_unlock(&apple_sart_lock);

	if (ret)
		dev_warn(sart->dev, "cannot allow %zu bytes at %pa: %d\n",
			 size, &phys, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(apple_sart_allow);

static int sart_revoke_locked(struct apple_sart *sart, u64 phys, u64 size)
{
	unsigned int i;
	int ret;

	lockdep_assert_held(&apple_sart_lock);

	for (i = 0; i < SART_ENTRIES; i++) {
		if (sart->owner[i] == SART_DRIVER &&
		    sart->allowed[i].phys == phys &&
		    sart->allowed[i].size == size)
			break;
	}
	if (i == SART_ENTRIES)
		return sart->regs ? -ENOENT : -ENODEV;

	/* An entry that stayed when the driver was unbound */
	if (!sart->regs)
		return -EIO;

	ret = sart_clear_entry(sart, i);
	if (ret)
		return ret;

	sart->owner[i] = SART_FREE;
	return 0;
}

/**
 * apple_sart_revoke() - take back what apple_sart_allow() has permitted
 * @sart: filter, from devm_apple_sart_lookup()
 * @phys: physical address given to apple_sart_allow()
 * @size: size given to apple_sart_allow()
 *
 * When this returns 0 the co-processor cannot reach the region any more, and
 * the memory may be freed. Only whole regions can be revoked. Entries of the
 * boot loader cannot.
 *
 * On an error nothing is changed. After %-EIO the region may still be
 * accessible: its memory must not be reused. After %-ENODEV it is not.
 *
 * Context: Process context. Takes and releases a mutex.
 * Return:
 * * %0		- the region is revoked
 * * %-ENODEV	- the driver of the filter is unbound, and the region revoked
 * * %-ENOENT	- no region with this address and this size is allowed
 * * %-EIO	- the filter did not give the entry up, now or when its driver
 *		  was unbound
 */
int apple_sart_revoke(struct apple_sart *sart, phys_addr_t phys, size_t size)
{
	int ret;

	mutex_lock(&apple_sart_lock);
	ret = sart_revoke_locked(sart, phys, size);
	mutex_unlock(&apple_sart_lock);

	if (ret)
		dev_warn(sart->dev, "cannot revoke %zu bytes at %pa: %d\n",
			 size, &phys, ret);
	return ret;
}
EXPORT_SYMBOL_GPL(apple_sart_revoke);

/* Take back every region that is still allowed, none of the boot loader's. */
static void sart_revoke_all(struct apple_sart *sart)
{
	unsigned int i;

	lockdep_assert_held(&apple_sart_lock);

	for (i = 0; i < SART_ENTRIES; i++) {
		if (sart->owner[i] != SART_DRIVER)
			continue;
		if (sart_clear_entry(sart, i))
			dev_err(sart->dev, "entry %u cannot be cleared\n", i);
		else
			sart->owner[i] = SART_FREE;
	}
}

static void sart_free(struct kref *ref)
{
	struct apple_sart *sart = container_of(ref, struct apple_sart, ref);

	put_device(sart->dev);
	kfree(sart);
}

static void sart_put(void *sart)
{
	kref_put(&((struct apple_sart *)sart)->ref, sart_free);
}

/*
 * The device link orders what needs the filter after the filter: the consumer
 * is unbound, suspended and shut down first. It does not cover the devres
 * actions of a consumer whose probe has failed, which is why the consumer holds
 * a reference too.
 */
static int sart_add_consumer(struct apple_sart *sart, struct device *dev)
{
	int ret;

	lockdep_assert_held(&apple_sart_lock);

	kref_get(&sart->ref);
	ret = devm_add_action_or_reset(dev, sart_put, sart);
	if (ret)
		return ret;

	if (!device_link_add(dev, sart->dev, DL_FLAG_AUTOREMOVE_SUPPLIER))
		return -EINVAL;

	return 0;
}

static struct apple_sart *sart_lookup_node(struct device *dev,
					   struct device_node *np)
{
	struct apple_sart *sart;
	int ret;

	guard(mutex)(&apple_sart_lock);
	list_for_each_entry(sart, &apple_sart_list, node) {
		if (sart->dev->of_node == np) {
			ret = sart_add_consumer(sart, dev);
			return ret ? ERR_PTR(ret) : sart;
		}
	}
	return ERR_PTR(-EPROBE_DEFER);
}

/**
 * devm_apple_sart_lookup() - get the filter in front of a co-processor
 * @dev: the co-processor's device, whose node has the property "apple,sart"
 *
 * Called in probe. The filter stays usable until the devres of @dev is
 * released, and a device link lets it go away only after @dev is unbound.
 *
 * Regions are not revoked by devres: a region must be revoked before its memory
 * is freed, and only the consumer knows when that is.
 *
 * Context: Process context. Takes and releases a mutex.
 * Return: the filter, or
 * * %-ENODEV	    - @dev names no filter, or one that is not enabled
 * * %-EPROBE_DEFER - the filter has no driver yet
 * * %-EINVAL	    - the filter itself depends on @dev
 * * %-ENOMEM	    - out of memory
 */
struct apple_sart *devm_apple_sart_lookup(struct device *dev)
{
	struct apple_sart *sart = ERR_PTR(-ENODEV);
	struct device_node *np;

	np = of_parse_phandle(dev->of_node, "apple,sart", 0);
	if (of_device_is_available(np))
		sart = sart_lookup_node(dev, np);
	of_node_put(np);

	return sart;
}
EXPORT_SYMBOL_GPL(devm_apple_sart_lookup);

static int apple_sart_entries_show(struct seq_file *m, void *unused)
{
	static const char * const owners[] = {
		[SART_FREE] = "free",
		[SART_BOOT_LOADER] = "boot-loader",
		[SART_DRIVER] = "driver",
	};
	struct apple_sart *sart = m->private;
	struct apple_sart_entry entry;
	unsigned int i;

	guard(mutex)(&apple_sart_lock);
	if (!sart->regs)
		return 0;

	seq_printf(m, "version %s\n", sart->hw->name);
	seq_puts(m, "entry owner       flags address        size\n");
	for (i = 0; i < SART_ENTRIES; i++) {
		sart_get_entry(sart, i, &entry);
		seq_printf(m, "%5u %-11s %#04x  %#013llx  %#013llx\n", i,
			   owners[sart->owner[i]], entry.flags, entry.phys,
			   entry.size);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(apple_sart_entries);

static int sart_add_debugfs(struct apple_sart *sart)
{
	const char *name;

	KUNIT_STATIC_STUB_REDIRECT(sart_add_debugfs, sart);
	name = devm_kasprintf(sart->dev, GFP_KERNEL, "apple-sart-%s",
			      dev_name(sart->dev));
	if (!name)
		return -ENOMEM;

	sart->debugfs = debugfs_create_file(name, 0400, NULL, sart,
					    &apple_sart_entries_fops);
	return 0;
}

static void sart_unregister(void *data)
{
	struct apple_sart *sart = data;

	debugfs_remove(sart->debugfs);
	mutex_lock(&apple_sart_lock);
	list_del(&sart->node);
	sart_revoke_all(sart);
	sart->regs = NULL;
	mutex_unlock(&apple_sart_lock);
	sart_put(sart);
}

/*
 * Everything of probe that does not depend on where the registers come from.
 * Consumers can find the filter when this returns 0.
 */
static struct apple_sart *sart_register(struct device *dev,
					const struct apple_sart_hw *hw,
					void __iomem *regs)
{
	struct apple_sart *sart = kzalloc(sizeof(*sart), GFP_KERNEL);
	struct apple_sart_entry entry;
	unsigned int i;
	int ret;

	if (!sart)
		return ERR_PTR(-ENOMEM);

	kref_init(&sart->ref);
	sart->dev = get_device(dev);
	sart->hw = hw;
	sart->regs = regs;
	for (i = 0; i < SART_ENTRIES; i++) {
		sart_get_entry(sart, i, &entry);
		if (!entry.flags)
			continue;

		sart->owner[i] = SART_BOOT_LOADER;
		dev_dbg(dev, "entry %u of the boot loader: %#llx + %#llx\n", i,
			entry.phys, entry.size);
	}

	ret = sart_add_debugfs(sart);
	if (ret) {
		sart_put(sart);
		return ERR_PTR(ret);
	}

	mutex_lock(&apple_sart_lock);
	list_add(&sart->node, &apple_sart_list);
	mutex_unlock(&apple_sart_lock);

	/* The last step: after a failed probe devres runs without power. */
	ret = devm_add_action_or_reset(dev, sart_unregister, sart);
	return ret ? ERR_PTR(ret) : sart;
}

static int apple_sart_probe(struct platform_device *pdev)
{
	const struct apple_sart_hw *hw = device_get_match_data(&pdev->dev);
	struct apple_sart *sart;
	struct resource *res;
	void __iomem *regs;

	if (!hw)
		return -EINVAL;

	/* Non-posted, because the devicetree says so of the bus. */
	regs = devm_platform_get_and_ioremap_resource(pdev, 0, &res);
	if (IS_ERR(regs))
		return PTR_ERR(regs);
	if (resource_size(res) < SART_REGS_SIZE)
		return dev_err_probe(&pdev->dev, -EINVAL,
				     "registers too small: %pR\n", res);

	sart = sart_register(&pdev->dev, hw, regs);
	if (IS_ERR(sart))
		return PTR_ERR(sart);

	platform_set_drvdata(pdev, sart);
	return 0;
}

/*
 * Not left to devres: on some kernels, such as 6.12, the platform bus detaches
 * the power domain as soon as this returns.
 */
static void apple_sart_remove(struct platform_device *pdev)
{
	struct apple_sart *sart = platform_get_drvdata(pdev);

	devm_release_action(sart->dev, sart_unregister, sart);
}

/* The next kernel must not find entries that point at memory of this one. */
static void apple_sart_shutdown(struct platform_device *pdev)
{
	struct apple_sart *sart = platform_get_drvdata(pdev);

	guard(mutex)(&apple_sart_lock);
	sart_revoke_all(sart);
}

static const struct of_device_id apple_sart_of_match[] = {
	{ .compatible = "apple,t6000-sart", .data = &apple_sart_v3 },
	{ .compatible = "apple,t8103-sart", .data = &apple_sart_v2 },
	{ .compatible = "apple,t8015-sart", .data = &apple_sart_v0 },
	{ }
};
MODULE_DEVICE_TABLE(of, apple_sart_of_match);

static struct platform_driver apple_sart_driver = {
	.driver = {
		.name = "apple-sart-filter",
		.of_match_table = apple_sart_of_match,
	},
	.probe = apple_sart_probe,
	.remove = apple_sart_remove,
	.shutdown = apple_sart_shutdown,
};
module_apple_ssd_driver(apple_sart_driver, APPLE_SSD_ANS2);

MODULE_DESCRIPTION("Apple SART DMA allow-list");
MODULE_LICENSE("GPL");

#if IS_ENABLED(CONFIG_APPLE_SART_FILTER_KUNIT_TEST)
#include "tests/apple_sart_kunit.c"
#endif
