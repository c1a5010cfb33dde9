// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many processes send admin commands at once
 *
 *	crowd PROCESSES COMMANDS
 *
 * Each sends Identify so many times and compares what it gets. Prints the
 * number of processes for which all went well.
 */

#include <linux/nvme_ioctl.h>
#include <sys/wait.h>

#include "drive.h"

#define OP_IDENTIFY	0x06

static int identify(int fd, void *data)
{
	struct nvme_admin_cmd cmd = {
		.opcode = OP_IDENTIFY,
		.addr = (uintptr_t)data,
		.data_len = BLOCK,
		.cdw10 = 1,
	};

	return ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);
}

static int send_all(int fd, int commands)
{
	char *first = map_memory(BLOCK), *next = map_memory(BLOCK);

	if (!first || !next || identify(fd, first))
		return 1;
	while (commands--) {
		memset(next, 0x5a, BLOCK);
		if (identify(fd, next) || memcmp(first, next, BLOCK))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int fd = open(CONTROLLER, O_RDWR | O_CLOEXEC);
	int processes, i, status, good = 0;

	if (argc != 3 || fd < 0) {
		perror("crowd");
		return 1;
	}
	processes = atoi(argv[1]);
	for (i = 0; i < processes; i++)
		if (!fork())
			_exit(send_all(fd, atoi(argv[2])));
	while (wait(&status) > 0)
		good += !status;
	printf("%d\n", good);
	return 0;
}
