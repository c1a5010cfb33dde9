/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROOF_KIT_TIMES_H
#define PROOF_KIT_TIMES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

static inline int compare_times(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

/* One line, in microseconds; sorts @us. */
static inline void print_times(const char *name, unsigned int *us,
			       unsigned int count)
{
	qsort(us, count, sizeof(*us), compare_times);
	printf("%s: %u times, us: least %u, half %u, 90%% %u, ", name, count,
	       us[0], us[count / 2], us[count * 9 / 10]);
	printf("99%% %u, most %u\n", us[count * 99 / 100], us[count - 1]);
}

#endif
