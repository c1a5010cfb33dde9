// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of the kernel's log behind one of them
 *
 * Each line is: number, level, microseconds since boot, text. A record that is
 * lost because the log was full is told on a line of its own.
 *
 * Usage: kernel-log NUMBER     records behind that one; -1 for all
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long long after = argc == 2 ? atoll(argv[1]) : -1, next = after + 1;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char record[8192];
	ssize_t n;

	if (fd < 0) {
		fprintf(stderr, "/dev/kmsg: %m\n");
		return 1;
	}
	for (;;) {
		unsigned long long us;
		unsigned int prefix;
		long long number;
		char *text;

		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text || sscanf(record, "%u,%lld,%llu", &prefix, &number,
				    &us) != 3 || number <= after)
			continue;
		if (after >= 0 && number > next)
			printf("%lld 3 %llu records of the log are lost\n",
			       number - 1, us);
		next = number + 1;
		text[1 + strcspn(text + 1, "\n")] = '\0';
		printf("%lld %u %llu %s\n", number, prefix & 7, us, text + 1);
	}
	return n < 0 && errno != EAGAIN;
}
