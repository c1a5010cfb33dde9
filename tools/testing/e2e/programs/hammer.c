// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load for the cases that disturb the drive: many small reads and writes from
 * several processes, every block compared
 *
 *	hammer SECONDS PROCESSES DEPTH [fails]
 *
 * With "fails" the load goes on until the drive refuses, which must be within
 * SECONDS and must be an error, not silence. Otherwise every request must
 * succeed. A request that does not end within the patience below is a hang.
 *
 * Exit status: 0 as expected, 1 an error, 2 wrong content, 3 a hang, 4 the
 * drive did not refuse.
 */

#include <sys/prctl.h>
#include <signal.h>
#include <sys/wait.h>

#include "drive.h"

#define MAX_DEPTH	64
#define BLOCKS		512	/* of one process */
#define PATIENCE_S	25

enum status { GOOD, ERROR, WRONG, HANG, NO_REFUSAL };

/**
 * struct load - one process
 * @fd: the drive
 * @context: of its asynchronous I/O
 * @number: which one it is
 * @depth: how many requests it keeps going
 * @data: a block for each
 * @generation: what each of its blocks on the drive holds
 * @busy: which of them a request uses
 * @seed: of its choices
 */
struct load {
	int fd;
	aio_context_t context;
	unsigned int number;
	unsigned int depth;
	unsigned char *data;
	uint32_t generation[BLOCKS];
	bool busy[BLOCKS];
	uint64_t seed;
};

static off_t place(const struct load *l, unsigned int block)
{
	return area_start(AREA_HAMMER) +
	       ((off_t)l->number * BLOCKS + block) * BLOCK;
}

static void prepare(struct load *l, struct iocb *request, unsigned int slot)
{
	void *data = l->data + slot * BLOCK;
	unsigned int block;
	bool write;

	do {
		block = random_below(&l->seed, BLOCKS);
	} while (l->busy[block]);
	l->busy[block] = true;
	/* what was never written has no content to compare */
	write = !l->generation[block] || random_below(&l->seed, 2);
	if (write)
		fill_block(data, place(l, block), ++l->generation[block]);
	*request = aio_request(l->fd, write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
			       data, BLOCK, place(l, block),
			       slot << 16 | block);
}

static enum status finish(struct load *l, const struct io_event *event,
			  const struct iocb *requests)
{
	unsigned int slot = event->data >> 16;
	unsigned int block = event->data & 0xffff;

	l->busy[block] = false;
	if (event->res != BLOCK) {
		fprintf(stderr, "hammer: block %u: result %lld\n", block,
			(long long)event->res);
		return ERROR;
	}
	if (requests[slot].aio_lio_opcode == IOCB_CMD_PREAD &&
	    !is_block(l->data + slot * BLOCK, place(l, block),
		      l->generation[block])) {
		fprintf(stderr, "hammer: block %u: wrong content\n", block);
		return WRONG;
	}
	return GOOD;
}

/*
 * Until the time is over and every request has ended, or the first that did
 * not go well; then the others are still waited for.
 */
static enum status work(struct load *l, double end)
{
	struct timespec patience = { .tv_sec = PATIENCE_S };
	struct iocb requests[MAX_DEPTH], *list[MAX_DEPTH];
	struct io_event events[MAX_DEPTH];
	enum status worst = GOOD;
	unsigned int running = 0;
	int ready = l->depth;

	for (unsigned int i = 0; i < l->depth; i++)
		events[i].data = i << 16;
	do {
		long wanted = 0;
		int got;

		for (int i = 0; i < ready && now() < end && !worst; i++) {
			unsigned int slot = events[i].data >> 16;

			prepare(l, &requests[slot], slot);
			list[wanted++] = &requests[slot];
		}
		got = wanted ? aio_submit(l->context, wanted, list) : 0;
		if (got < wanted) {
			perror("hammer: submit");
			worst = ERROR;
		}
		running += got > 0 ? got : 0;
		if (!running)
			break;
		ready = aio_wait(l->context, 1, MAX_DEPTH, events, &patience);
		if (ready <= 0) {
			fprintf(stderr, "hammer: %u requests do not end\n",
				running);
			return HANG;
		}
		running -= ready;
		for (int i = 0; i < ready; i++) {
			enum status one = finish(l, &events[i], requests);

			worst = worst ?: one;
		}
	} while (running || !worst);
	return worst;
}

static enum status process(unsigned int number, unsigned int depth, double end)
{
	struct load l = { .number = number, .depth = depth, .seed = number };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	l.fd = open_scratch(O_DIRECT);
	l.data = map_memory(depth * BLOCK);
	if (l.fd < 0 || !l.data || aio_setup(MAX_DEPTH, &l.context)) {
		perror("hammer");
		return ERROR;
	}
	return work(&l, end);
}

int main(int argc, char **argv)
{
	bool fails = argc == 5 && !strcmp(argv[4], "fails");
	unsigned int processes, depth;
	enum status worst = GOOD;
	double end;

	if (argc < 4 || (argc == 5 && !fails) || argc > 5) {
		fprintf(stderr,
			"usage: hammer SECONDS PROCESSES DEPTH [fails]\n");
		return ERROR;
	}
	end = now() + atof(argv[1]);
	processes = atoi(argv[2]);
	depth = atoi(argv[3]);
	if (!depth || depth > MAX_DEPTH)
		depth = MAX_DEPTH;
	for (unsigned int i = 0; i < processes; i++) {
		if (!fork())
			_exit(process(i, depth, end));
	}
	for (unsigned int i = 0; i < processes; i++) {
		enum status one = HANG;
		int status;

		if (wait(&status) > 0 && WIFEXITED(status))
			one = WEXITSTATUS(status);
		if (fails && one == GOOD)
			one = NO_REFUSAL;
		else if (fails && one == ERROR)
			one = GOOD;
		if (one > worst)
			worst = one;
	}
	return worst;
}
