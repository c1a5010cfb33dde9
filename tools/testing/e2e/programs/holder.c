// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps the drive's device nodes open while the drive comes and goes
 *
 *	holder FIFO
 *
 * For each line that comes through FIFO it prints what the nodes do: the bytes
 * that a direct read of the drive gives, then the results of Identify by the
 * controller's node and of reads by the block node and the generic one. An
 * errno is less than 0. It ends with the line "end".
 */

#include "drive.h"

#define OP_READ		0x02

static int result(int ret)
{
	return ret < 0 ? -errno : ret;
}

static int read_block(int fd, void *data)
{
	struct nvme_passthru_cmd cmd = {
		.opcode = OP_READ,
		.nsid = 1,
		.addr = (uintptr_t)data,
		.data_len = BLOCK,
	};

	return result(ioctl(fd, NVME_IOCTL_IO_CMD, &cmd));
}

int main(int argc, char **argv)
{
	int controller = open(CONTROLLER, O_RDWR | O_CLOEXEC);
	int namespace = open(NAMESPACE, O_RDONLY | O_DIRECT | O_CLOEXEC);
	int generic = open(GENERIC, O_RDWR | O_CLOEXEC);
	void *data = map_memory(BLOCK);
	char line[16];
	FILE *fifo;

	if (argc != 2 || controller < 0 || namespace < 0 || generic < 0 ||
	    !data) {
		perror("holder");
		return 1;
	}
	/* for writing too, so that it never ends */
	fifo = fopen(argv[1], "r+e");
	if (!fifo) {
		perror(argv[1]);
		return 1;
	}
	while (fgets(line, sizeof(line), fifo) && strcmp(line, "end\n")) {
		printf("%d %d %d %d\n",
		       result(pread(namespace, data, BLOCK, 0)),
		       result(identify_controller(controller, data, 0)),
		       read_block(namespace, data), read_block(generic, data));
		fflush(stdout);
	}
	return 0;
}
