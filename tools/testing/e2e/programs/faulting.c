// SPDX-License-Identifier: GPL-2.0-only
/*
 * An admin command whose buffer is read from the drive when the kernel maps it
 *
 *	faulting OFFSET [MS]
 *
 * Identify goes to memory that is a private copy of the drive at OFFSET, which
 * the kernel must not have in its cache. The command has a request by the time
 * the kernel fetches the page. It may take MS ms, else as long as the kernel
 * lets an admin command of a user take. Prints the command's result, an errno
 * less than 0.
 */

#include <sys/mman.h>

#include "drive.h"

int main(int argc, char **argv)
{
	int controller = open(CONTROLLER, O_RDWR | O_CLOEXEC);
	int namespace = open(NAMESPACE, O_RDONLY | O_CLOEXEC);
	void *page;
	int ret;

	if (argc < 2 || argc > 3 || controller < 0 || namespace < 0) {
		perror("faulting");
		return 1;
	}
	page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE, namespace, strtoll(argv[1], NULL, 0));
	if (page == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	ret = identify_controller(controller, page,
				  argc > 2 ? strtoul(argv[2], NULL, 0) : 0);
	printf("%d\n", ret < 0 ? -errno : ret);
	return 0;
}
