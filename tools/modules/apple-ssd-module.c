// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple SSD: the choice between two pairs of drivers, as a module
 *
 * Where the kernel was built without the choice, all drivers of both pairs are
 * modules of ours and need this one. The word is the same, but this is too late
 * for the kernel's own parser. The command line is where the boot loader has
 * left it, in the devicetree.
 */

#include <linux/module.h>
#include <linux/of.h>
#include <linux/slab.h>
#include <linux/string.h>

/* The same file is built in elsewhere: here it gets a parameter of a module. */
#define core_param(name, var, type, perm) \
	module_param_cb(name, &param_ops_##type, &var, perm)
#undef core_initcall
#define core_initcall(fn)

#include "apple-ssd-choice.c"

/* The last word counts, and none behind "--", as the kernel has it. */
static int __init apple_ssd_read_words(void)
{
	char *words, *next, *name, *value;
	const char *line;

	if (of_property_read_string(of_chosen, "bootargs", &line))
		return 0;
	words = kstrdup(line, GFP_KERNEL);
	if (!words)
		return -ENOMEM;

	next = skip_spaces(words);
	while (*next) {
		next = next_arg(next, &name, &value);
		if (!value && !strcmp(name, "--"))
			break;
		if (!strcmp(strreplace(name, '-', '_'), "apple_ssd"))
			apple_ssd_set(value, NULL);
	}
	kfree(words);
	return 0;
}

static int __init apple_ssd_module_init(void)
{
	int ret = apple_ssd_read_words();

	return ret ?: apple_ssd_init();
}
module_init(apple_ssd_module_init);

/* Without it the module could not be removed. */
static void __exit apple_ssd_module_exit(void)
{
}
module_exit(apple_ssd_module_exit);

MODULE_DESCRIPTION("Choice between two pairs of drivers of Apple's SSD");
MODULE_LICENSE("GPL");
