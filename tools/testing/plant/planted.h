/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Planted faults: which one this boot has
 *
 * plant.py puts this file beside copies of the drivers and includes it there.
 * The kernel parameter ans2_planted=N chooses fault N; without it, all is well.
 */

#ifndef _ANS2_PLANTED_H
#define _ANS2_PLANTED_H

#include <linux/compiler.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>

#ifdef ANS2_PLANTED_HERE
unsigned int ans2_planted;
core_param(ans2_planted, ans2_planted, uint, 0444);
#else
extern unsigned int ans2_planted;
#endif

/* It protects nothing. */
static __maybe_unused DEFINE_MUTEX(planted_mutex);

#define PLANTED(n)	unlikely(READ_ONCE(ans2_planted) == (n))

#endif /* _ANS2_PLANTED_H */
