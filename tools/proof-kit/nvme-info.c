// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the controller says of itself, without what names the machine
 *
 * Serial number, NQN, and the ids of the namespace are left out.
 *
 * Usage: nvme-info identify|namespace|smart /dev/nvme0
 */

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define OP_GET_LOG	0x02
#define OP_IDENTIFY	0x06
#define ALL_NAMESPACES	0xffffffffU
#define LOG_SMART	2
#define SMART_SIZE	512
#define IDENTIFY_SIZE	4096

/* Firmware 2026 wants data of admin commands to begin a page. */
#define ALIGNMENT	65536

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct field {
	const char *name;
	unsigned int at;
	unsigned int size;
};

static const struct field controller[] = {
	{ "vid", 0, 2 }, { "ssvid", 2, 2 }, { "rab", 72, 1 },
	{ "ieee", 73, 3 }, { "cmic", 76, 1 }, { "mdts", 77, 1 },
	{ "cntlid", 78, 2 }, { "ver", 80, 4 }, { "rtd3r", 84, 4 },
	{ "rtd3e", 88, 4 }, { "oaes", 92, 4 }, { "ctratt", 96, 4 },
	{ "cntrltype", 111, 1 }, { "oacs", 256, 2 }, { "acl", 258, 1 },
	{ "aerl", 259, 1 }, { "frmw", 260, 1 }, { "lpa", 261, 1 },
	{ "elpe", 262, 1 }, { "npss", 263, 1 }, { "avscc", 264, 1 },
	{ "apsta", 265, 1 }, { "wctemp", 266, 2 }, { "cctemp", 268, 2 },
	{ "mtfa", 270, 2 }, { "hmpre", 272, 4 }, { "hmmin", 276, 4 },
	{ "sqes", 512, 1 }, { "cqes", 513, 1 }, { "maxcmd", 514, 2 },
	{ "nn", 516, 4 }, { "oncs", 520, 2 }, { "fuses", 522, 2 },
	{ "fna", 524, 1 }, { "vwc", 525, 1 }, { "awun", 526, 2 },
	{ "awupf", 528, 2 }, { "acwu", 532, 2 }, { "sgls", 536, 4 },
};

static const struct field namespace[] = {
	{ "nsze", 0, 8 }, { "ncap", 8, 8 }, { "nuse", 16, 8 },
	{ "nsfeat", 24, 1 }, { "nlbaf", 25, 1 }, { "flbas", 26, 1 },
	{ "mc", 27, 1 }, { "dpc", 28, 1 }, { "dps", 29, 1 },
	{ "lbaf0", 128, 4 }, { "lbaf1", 132, 4 },
};

/* Of numbers with 16 bytes the lower half is enough. */
static const struct field smart[] = {
	{ "critical-warning", 0, 1 }, { "temperature", 1, 2 },
	{ "spare", 3, 1 }, { "spare-threshold", 4, 1 },
	{ "percentage-used", 5, 1 }, { "data-units-read", 32, 8 },
	{ "data-units-written", 48, 8 }, { "host-reads", 64, 8 },
	{ "host-writes", 80, 8 }, { "busy-minutes", 96, 8 },
	{ "power-cycles", 112, 8 }, { "power-on-hours", 128, 8 },
	{ "unsafe-shutdowns", 144, 8 }, { "media-errors", 160, 8 },
	{ "error-log-entries", 176, 8 }, { "warning-minutes", 192, 4 },
	{ "critical-minutes", 196, 4 },
};

static unsigned long long number(const unsigned char *data,
				 const struct field *field)
{
	uint64_t value = 0;

	memcpy(&value, data + field->at, field->size);
	return le64toh(value);
}

static void print_text(const char *name, const unsigned char *text, int size)
{
	while (size && text[size - 1] == ' ')
		size--;
	printf("%s: ", name);
	for (int i = 0; i < size; i++)
		putchar(text[i] < ' ' || text[i] > '~' ? '?' : text[i]);
	putchar('\n');
}

static void print_fields(const char *what, const char *form,
			 const unsigned char *data, const struct field *fields,
			 unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		printf("%s-%s: ", what, fields[i].name);
		printf(form, number(data, &fields[i]));
		printf("\n");
	}
}

static int admin(int fd, void *data, unsigned int opcode, unsigned int nsid,
		 unsigned int size, unsigned int cdw10)
{
	struct nvme_admin_cmd cmd = {
		.opcode = opcode,
		.nsid = nsid,
		.addr = (uintptr_t)data,
		.data_len = size,
		.cdw10 = cdw10,
	};
	int ret = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);

	if (ret < 0)
		printf("failed: %s\n", strerror(errno));
	else if (ret)
		printf("failed: NVMe status 0x%x\n", ret);
	return ret;
}

int main(int argc, char **argv)
{
	const char *what = argc == 3 ? argv[1] : "";
	unsigned char *data = aligned_alloc(ALIGNMENT, ALIGNMENT);
	int fd = argc == 3 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || !data) {
		printf("failed: %s\n", strerror(errno));
		return 1;
	}
	memset(data, 0, ALIGNMENT);
	if (!strcmp(what, "identify")) {
		if (admin(fd, data, OP_IDENTIFY, 0, IDENTIFY_SIZE, 1))
			return 1;
		print_text("identify-mn", data + 24, 40);
		print_text("identify-fr", data + 64, 8);
		print_fields("identify", "0x%llx", data, controller,
			     ARRAY_SIZE(controller));
	} else if (!strcmp(what, "namespace")) {
		if (admin(fd, data, OP_IDENTIFY, 1, IDENTIFY_SIZE, 0))
			return 1;
		print_fields("namespace", "0x%llx", data, namespace,
			     ARRAY_SIZE(namespace));
	} else if (!strcmp(what, "smart")) {
		if (admin(fd, data, OP_GET_LOG, ALL_NAMESPACES, SMART_SIZE,
			  LOG_SMART | (SMART_SIZE / 4 - 1) << 16))
			return 1;
		print_fields("smart", "%llu", data, smart, ARRAY_SIZE(smart));
	} else {
		printf("failed: '%s' is nothing that can be asked\n", what);
		return 1;
	}
	return 0;
}
