// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: somebody who comes meanwhile
 *
 * A test that holds a lock sees here whether a function waits for it. One that
 * is slow counts as one that waits, so a busy host makes no test fail; a
 * function that takes no lock is through long before.
 */

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/smp.h>

#include "rival.h"

static void rival_work(struct work_struct *work)
{
	struct ans_rival *rival = container_of(work, struct ans_rival, work);

	WRITE_ONCE(rival->begun, true);
	rival->run(rival->data);
	WRITE_ONCE(rival->ended, true);
}

/* On another processor, for this one may be about to spin. */
void ans_rival_start(struct ans_rival *rival, void (*run)(void *data),
		     void *data)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());

	*rival = (struct ans_rival) { .run = run, .data = data };
	INIT_WORK_ONSTACK(&rival->work, rival_work);
	queue_work_on(cpu < nr_cpu_ids ? cpu : WORK_CPU_UNBOUND, system_wq,
		      &rival->work);
}

/* Called with the lock held that @run has to take, a spinlock or another */
bool ans_rival_waits(struct ans_rival *rival)
{
	int i;

	for (i = 0; i < 500 && !READ_ONCE(rival->begun); i++)
		mdelay(1);
	mdelay(20);
	return !READ_ONCE(rival->ended);
}

/* Called without the lock */
void ans_rival_end(struct ans_rival *rival)
{
	flush_work(&rival->work);
	destroy_work_on_stack(&rival->work);
}
