/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KUnit: somebody who comes meanwhile
 */

#ifndef _APPLE_ANS_TESTS_RIVAL_H_
#define _APPLE_ANS_TESTS_RIVAL_H_

#include <linux/types.h>
#include <linux/workqueue.h>

/**
 * struct ans_rival - a call by somebody else
 * @work: where it is
 * @run: what is called
 * @data: its argument
 * @begun: it is about to be called
 * @ended: it has returned
 */
struct ans_rival {
	struct work_struct work;
	void (*run)(void *data);
	void *data;
	bool begun;
	bool ended;
};

void ans_rival_start(struct ans_rival *rival, void (*run)(void *data),
		     void *data);
bool ans_rival_waits(struct ans_rival *rival);
void ans_rival_end(struct ans_rival *rival);

#endif /* _APPLE_ANS_TESTS_RIVAL_H_ */
