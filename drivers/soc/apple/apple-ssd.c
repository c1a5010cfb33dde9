// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple SSD: the choice between two pairs of drivers
 *
 *   apple_ssd=    controller    filter
 *   apple-ans2    apple-ans2    apple-sart-filter
 *   nvme-apple    nvme-apple    apple-sart
 *
 * The choice is made on the kernel's command line, before a driver is
 * registered, and stays: drivers may be loaded in any order, at any time, and
 * there is never one of each pair. It is built in, wherever the drivers are.
 *
 * Without a word, or with one that is not accepted, it is apple-ans2, but
 * nvme-apple on an A11.
 */

#define pr_fmt(fmt) "apple_ssd: " fmt

#include <linux/export.h>
#include <linux/init.h>
#include <linux/kconfig.h>
#include <linux/moduleparam.h>
#include <linux/of.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <linux/apple-ssd.h>

/* A pair is known by the driver of its controller, without which it is none. */
static const struct {
	const char *name;
	bool is_here;
} apple_ssd_pairs[] = {
	[APPLE_SSD_ANS2] = { "apple-ans2", IS_ENABLED(CONFIG_APPLE_ANS2) },
	[APPLE_SSD_NVME_APPLE] = { "nvme-apple",
				   IS_ENABLED(CONFIG_NVME_APPLE) },
};

static enum apple_ssd_pair apple_ssd_choice __ro_after_init =
	IS_ENABLED(CONFIG_APPLE_ANS2) ? APPLE_SSD_ANS2 : APPLE_SSD_NVME_APPLE;
static bool apple_ssd_is_chosen __ro_after_init;

/**
 * apple_ssd_is() - does this pair drive the SSD?
 * @pair: the pair
 *
 * Context: Any, once initcalls are called.
 * Return: The same for as long as the system runs.
 */
bool apple_ssd_is(enum apple_ssd_pair pair)
{
	return pair == apple_ssd_choice;
}
EXPORT_SYMBOL_GPL(apple_ssd_is);

/* An error would cost the words behind "--", so it is none for the caller. */
static int apple_ssd_set(const char *word, const struct kernel_param *kp)
{
	enum apple_ssd_pair pair;

	for (pair = 0; pair < ARRAY_SIZE(apple_ssd_pairs); pair++) {
		if (!apple_ssd_pairs[pair].is_here || !word ||
		    strcmp(word, apple_ssd_pairs[pair].name))
			continue;
		apple_ssd_choice = pair;
		apple_ssd_is_chosen = true;
		pr_info("%s drives the SSD\n", word);
		return 0;
	}

	pr_err("'%s' is not accepted and changes nothing, this kernel has:%s%s\n",
	       word ?: "", IS_ENABLED(CONFIG_APPLE_ANS2) ? " apple-ans2" : "",
	       IS_ENABLED(CONFIG_NVME_APPLE) ? " nvme-apple" : "");
	return 0;
}

static int apple_ssd_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n",
			  apple_ssd_pairs[apple_ssd_choice].name);
}

static const struct kernel_param_ops param_ops_apple_ssd = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = apple_ssd_set,
	.get = apple_ssd_get,
};

#define param_check_apple_ssd(name, p) \
	__param_check(name, p, enum apple_ssd_pair)
core_param(apple_ssd, apple_ssd_choice, apple_ssd, 0444);

/* The ANS2 of the A11 has no linear queues, so apple-ans2 does not take it. */
static int __init apple_ssd_init(void)
{
	if (!apple_ssd_is_chosen && IS_ENABLED(CONFIG_NVME_APPLE) &&
	    of_machine_is_compatible("apple,t8015"))
		apple_ssd_choice = APPLE_SSD_NVME_APPLE;
	return 0;
}
core_initcall(apple_ssd_init);
