// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many processes send admin commands at once
 *
 *	crowd PROCESSES COMMANDS
 *
 * Each sends Identify so many times and compares what it gets. Prints the
 * number of processes for which all went well.
 */

#include <sys/wait.h>

#include "drive.h"

static int send_all(int fd, int commands)
{
	char *first = map_memory(BLOCK), *next = map_memory(BLOCK);

	if (!first || !next || identify_controller(fd, first, 0))
		return 1;
	while (commands--) {
		memset(next, 0x5a, BLOCK);
		if (identify_controller(fd, next, 0) || memcmp(first, next, BLOCK))
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
