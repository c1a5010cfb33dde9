// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the kernel has mapped registers and coherent memory
 *
 * An area is found by its physical address in /proc/vmallocinfo, what kind of
 * memory it is by its virtual address in the kernel's dump of its page tables.
 * For a moment kptr_restrict is 1, since addresses are hashed otherwise.
 *
 * Usage: mappings NAME:ADDRESS:SIZE...     physical, in hex
 *        mappings                          only the size of a page
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESTRICT	"/proc/sys/kernel/kptr_restrict"
#define INFO		"/proc/vmallocinfo"
#define TABLES		"/sys/kernel/debug/kernel_page_tables"
#define MOST		4096

struct range {
	unsigned long long start;
	unsigned long long end;
	unsigned long long phys;	/* 0: memory of the DMA API */
	char what[64];
};

static struct range areas[MOST], tables[MOST];
static unsigned int area_count, table_count;

static int set_restrict(int value)
{
	FILE *file = fopen(RESTRICT, "r+");
	int old = -1;

	if (file && fscanf(file, "%d", &old) == 1 && value >= 0) {
		rewind(file);
		fprintf(file, "%d\n", value);
	}
	if (file)
		fclose(file);
	return old;
}

static void read_areas(void)
{
	int old = set_restrict(-1);
	FILE *file;
	char line[512];

	if (!old)
		set_restrict(1);
	file = fopen(INFO, "r");
	while (file && area_count < MOST && fgets(line, sizeof(line), file)) {
		struct range *area = &areas[area_count];
		char *phys = strstr(line, " phys=");

		if (sscanf(line, "0x%llx-0x%llx %*u %63s", &area->start,
			   &area->end, area->what) != 3)
			continue;
		/* a page that is not mapped is behind each */
		area->end -= sysconf(_SC_PAGESIZE);
		if (phys)
			area->phys = strtoull(phys + 6, NULL, 16);
		if (phys || strstr(line, "dma-coherent"))
			area_count++;
	}
	if (file)
		fclose(file);
	if (!old)
		set_restrict(old);
}

static void read_tables(void)
{
	FILE *file = fopen(TABLES, "r");
	char line[512];

	while (file && table_count < MOST && fgets(line, sizeof(line), file)) {
		struct range *range = &tables[table_count];
		char *kind = strstr(line, "DEVICE/");

		if (!kind)
			kind = strstr(line, "MEM/NORMAL-NC");
		if (!kind || sscanf(kind, "%63s", range->what) != 1 ||
		    sscanf(line, "0x%llx-0x%llx", &range->start,
			   &range->end) != 2)
			continue;
		table_count++;
	}
	if (file)
		fclose(file);
}

/* The one kind of all of @area, or that there is none. */
static const char *kind(const struct range *area)
{
	const char *what = NULL;
	unsigned long long at = area->start;
	unsigned int i = 0;

	while (at < area->end) {
		for (i = 0; i < table_count; i++)
			if (tables[i].start <= at && at < tables[i].end)
				break;
		if (i == table_count)
			return "neither device memory nor uncached";
		if (what && strcmp(what, tables[i].what))
			return "mapped in different ways";
		what = tables[i].what;
		at = tables[i].end;
	}
	return what ?: "nothing";
}

static void print_window(const char *name, unsigned long long start,
			 unsigned long long size)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < area_count; i++) {
		const struct range *area = &areas[i];

		if (!area->phys || area->phys < start ||
		    area->phys >= start + size)
			continue;
		printf("mapping-%s: 0x%llx+0x%llx %s\n", name, area->phys,
		       area->end - area->start,
		       table_count ? kind(area) : "kind not known, no " TABLES);
		found++;
	}
	if (!found)
		printf("mapping-%s: nobody has mapped 0x%llx\n", name, start);
}

/* Queues are in such memory, as are the firmware's buffers. */
static void print_coherent(void)
{
	unsigned int count = 0, uncached = 0;

	for (unsigned int i = 0; i < area_count; i++) {
		if (areas[i].phys)
			continue;
		count++;
		uncached += !strcmp(kind(&areas[i]), "MEM/NORMAL-NC");
	}
	printf("mapping-dma: %u areas of coherent memory, ", count);
	if (table_count)
		printf("%u of them MEM/NORMAL-NC\n", uncached);
	else
		printf("kind not known\n");
}

int main(int argc, char **argv)
{
	if (argc == 1) {
		printf("%ld\n", sysconf(_SC_PAGESIZE));
		return 0;
	}
	read_areas();
	read_tables();
	for (int i = 1; i < argc; i++) {
		unsigned long long start, size;
		char name[32];

		if (sscanf(argv[i], "%31[a-z-]:%llx:%llx", name, &start,
			   &size) != 3)
			return 1;
		print_window(name, start, size);
	}
	print_coherent();
	return 0;
}
