// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures how long the drive stands still for its users while something
 * happens to it
 *
 *	gap WORKERS PATIENCE COMMAND [fails]
 *
 * WORKERS processes write and read blocks past the cache, one request at a
 * time each, and compare what they read. When all have had some, the shell's
 * COMMAND is run. The load ends when the command has ended and each worker has
 * had some more; then every block that was written is read again. With 0
 * WORKERS nobody touches the drive until the command has ended, and then there
 * is one.
 *
 * With "fails" the drive is expected to refuse: a worker ends with its first
 * error, and the load with its last worker.
 *
 * PATIENCE is the time in seconds for all of it. What does not end by then is
 * left alone, because nothing can end a process that waits for a drive.
 *
 * Prints one line of NAME=NUMBER, times in ms of CLOCK_BOOTTIME:
 *
 *	start		when the command was started
 *	command		how long it took, or -1 if it has not ended
 *	status		what a shell would say of its end
 *	gap		the longest time in which a worker had no success
 *	since		when this began, after the start
 *	first		how long after the command's end the first request, or
 *			after an error the first good one, had succeeded; or -1
 *	refused		when the last worker was refused, after the start; or -1
 *	good errors	requests that ended so, of all workers
 *	wrong		blocks with wrong content
 *	pending		workers that have not ended
 *	error		the last errno
 *
 * Exit status: 0 if the line could be printed.
 */

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "drive.h"

#define MAX_WORKERS	16
#define BLOCKS		64	/* of one worker */
#define SOME		4	/* requests of each worker */
#define PAUSE_US	1000

/**
 * struct worker - what one worker tells, times in ns
 * @last: its last success, or when it began
 * @gap: the longest time between two
 * @gap_from: when that began
 * @refused: its first error since the start
 * @recovered: its first success behind the command and behind errors
 * @good: requests that were done
 * @after: those of them that were begun behind the command's end
 * @errors: requests that failed
 * @wrong: blocks with wrong content
 * @error: the last errno
 * @ended: it has nothing more to do
 */
struct worker {
	atomic_ullong last;
	atomic_ullong gap;
	atomic_ullong gap_from;
	atomic_ullong refused;
	atomic_ullong recovered;
	atomic_uint good;
	atomic_uint after;
	atomic_uint errors;
	atomic_uint wrong;
	atomic_int error;
	atomic_bool ended;
};

/**
 * struct gap - what the processes share
 * @fails: the drive is expected to refuse
 * @stop: the load ends
 * @start: when the command was started, or 0
 * @end: when it had ended, or 0
 * @worker: each worker's own
 */
struct gap {
	bool fails;
	atomic_bool stop;
	atomic_ullong start;
	atomic_ullong end;
	struct worker worker[MAX_WORKERS];
};

/**
 * struct load - one worker's requests
 * @fd: the drive
 * @first: its first byte of it
 * @data: a block
 * @generation: what each of its blocks on the drive holds, 0 if that is not
 *	known
 * @next: the generation that is written next
 * @seed: of its choices
 */
struct load {
	int fd;
	off_t first;
	void *data;
	uint32_t generation[BLOCKS];
	uint32_t next;
	uint64_t seed;
};

/* Goes on while the system sleeps. */
static unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void succeeded(struct gap *g, struct worker *w, unsigned long long begin)
{
	unsigned long long end = now_ns();

	if (end - w->last > w->gap) {
		w->gap = end - w->last;
		w->gap_from = w->last;
	}
	w->last = end;
	w->good++;
	if (!g->end || begin < g->end)
		return;
	w->after++;
	if (!w->recovered)
		w->recovered = end;
}

static void failed(struct gap *g, struct worker *w, int error)
{
	w->error = error;
	w->errors++;
	w->recovered = 0;
	if (!w->refused && g->start)
		w->refused = now_ns();
	if (g->fails)
		w->ended = true;
	else
		usleep(PAUSE_US);
}

/* What no success came out of may have reached the drive or not. */
static void write_block(struct gap *g, struct worker *w, struct load *l,
			unsigned int block)
{
	off_t where = l->first + block * BLOCK;
	unsigned long long begin = now_ns();

	l->generation[block] = 0;
	fill_block(l->data, where, l->next);
	if (pwrite(l->fd, l->data, BLOCK, where) != BLOCK) {
		failed(g, w, errno);
		return;
	}
	l->generation[block] = l->next++;
	succeeded(g, w, begin);
}

static void read_block(struct gap *g, struct worker *w, struct load *l,
		       unsigned int block)
{
	off_t where = l->first + block * BLOCK;
	unsigned long long begin = now_ns();

	memset(l->data, 0, BLOCK);
	if (pread(l->fd, l->data, BLOCK, where) != BLOCK) {
		failed(g, w, errno);
		return;
	}
	w->wrong += !is_block(l->data, where, l->generation[block]);
	succeeded(g, w, begin);
}

/* What was never written has no content to compare. */
static void one_request(struct gap *g, struct worker *w, struct load *l)
{
	unsigned int block = random_below(&l->seed, BLOCKS);

	if (!l->generation[block] || random_below(&l->seed, 2))
		write_block(g, w, l, block);
	else
		read_block(g, w, l, block);
}

static bool prepare(struct load *l, unsigned int number)
{
	l->fd = open_scratch(O_DIRECT);
	l->first = area_start(AREA_GAP) + (off_t)number * BLOCKS * BLOCK;
	l->data = map_memory(BLOCK);
	/* Not those of the run before: what was not written would be right. */
	l->next = now_ns() / 1000000 % 0xffffff + 1;
	l->seed = now_ns() + number;
	return l->fd >= 0 && l->data;
}

static void work(struct gap *g, unsigned int number)
{
	struct worker *w = &g->worker[number];
	struct load l = { };

	w->last = now_ns();
	if (!prepare(&l, number))
		failed(g, w, errno);
	while (l.data && !g->stop && !w->ended)
		one_request(g, w, &l);
	for (unsigned int i = 0; i < BLOCKS && !w->ended; i++) {
		if (l.generation[i])
			read_block(g, w, &l, i);
	}
	w->ended = true;
}

/*
 * Whoever waits for what is printed here does not wait for this process, which
 * may have to wait for the drive.
 */
static void start_process(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(null);
}

static void start_worker(struct gap *g, unsigned int number)
{
	g->worker[number].last = now_ns();
	if (fork())
		return;
	start_process();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	work(g, number);
	_exit(0);
}

static pid_t start_command(struct gap *g, const char *command)
{
	pid_t pid;

	g->start = now_ns();
	pid = fork();
	if (pid)
		return pid;
	start_process();
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

/* Whether all workers have had some requests, since the command if it ended. */
static bool all_flow(const struct gap *g, unsigned int workers)
{
	for (unsigned int i = 0; i < workers; i++) {
		const struct worker *w = &g->worker[i];

		if ((g->end ? w->after : w->good) < SOME && !w->ended)
			return false;
	}
	return true;
}

static unsigned int running(const struct gap *g, unsigned int workers)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < workers; i++)
		sum += !g->worker[i].ended;
	return sum;
}

static int command_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

/* Returns the command's status, or -1 if it does not end in time. */
static int run_command(struct gap *g, const char *command,
		       unsigned long long deadline)
{
	pid_t pid = start_command(g, command);
	int status;

	while (now_ns() < deadline) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			g->end = now_ns();
			return command_status(status);
		}
		usleep(PAUSE_US);
	}
	return -1;
}

static long ms(unsigned long long ns)
{
	return ns / 1000000;
}

/* From @from until @when; -1 if there is no @when. */
static long since(unsigned long long from, unsigned long long when)
{
	return when && from ? ms(when - from) : -1;
}

static void print(struct gap *g, unsigned int workers, int status)
{
	unsigned int good = 0, errors = 0, wrong = 0;
	unsigned long long end = now_ns(), gap = 0, from = g->start;
	long refused = -1, first = -1;
	int error = 0;

	for (unsigned int i = 0; i < workers; i++) {
		struct worker *w = &g->worker[i];

		if (!w->ended && end - w->last > w->gap) {
			w->gap = end - w->last;
			w->gap_from = w->last;
		}
		if (w->gap > gap) {
			gap = w->gap;
			from = w->gap_from;
		}
		if (since(g->start, w->refused) > refused)
			refused = since(g->start, w->refused);
		if (since(g->end, w->recovered) > first)
			first = since(g->end, w->recovered);
		good += w->good;
		errors += w->errors;
		wrong += w->wrong;
		error = w->error ?: error;
	}
	printf("start=%ld command=%ld status=%d gap=%ld since=%ld first=%ld "
	       "refused=%ld good=%u errors=%u wrong=%u pending=%u error=%d\n",
	       ms(g->start), since(g->start, g->end), status, ms(gap),
	       (long)((long long)(from - g->start) / 1000000), first, refused,
	       good, errors, wrong, running(g, workers), error);
}

static struct gap *share_memory(void)
{
	void *memory = mmap(NULL, sizeof(struct gap), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void measure(struct gap *g, unsigned int workers, const char *command,
		    unsigned long long deadline)
{
	bool idle = !workers;
	int status;

	for (unsigned int i = 0; i < workers; i++)
		start_worker(g, i);
	while (!all_flow(g, workers) && now_ns() < deadline)
		usleep(PAUSE_US);
	status = run_command(g, command, deadline);
	if (idle && g->end)
		start_worker(g, workers++);
	while (!(g->fails ? !running(g, workers) : all_flow(g, workers)) &&
	       now_ns() < deadline)
		usleep(PAUSE_US);
	g->stop = true;
	while (running(g, workers) && now_ns() < deadline)
		usleep(PAUSE_US);
	print(g, workers, status);
}

int main(int argc, char **argv)
{
	bool fails = argc == 5 && !strcmp(argv[4], "fails");
	struct gap *g = share_memory();
	unsigned int workers;

	if (argc < 4 || (argc == 5 && !fails) || argc > 5 || !g) {
		fprintf(stderr, "usage: gap WORKERS PATIENCE COMMAND [fails]\n");
		return 1;
	}
	workers = atoi(argv[1]);
	if (workers > MAX_WORKERS)
		workers = MAX_WORKERS;
	g->fails = fails;
	measure(g, workers, argv[3], now_ns() + atof(argv[2]) * 1e9);
	return 0;
}
