// SPDX-License-Identifier: GPL-2.0-only
/*
 * The load of a measurement: the same requests in the same order each time
 *
 *	load NAME=VALUE... [with NAME=VALUE...]...
 *
 *	op=read|write|mixed	mixed: 7 of 10 read
 *	order=random|sequential
 *	bytes=4096		of each request
 *	depth=1			requests in flight
 *	batch=1			how many are submitted, and waited for, at once
 *	way=ring|fixed|passthrough|fsync
 *		ring		io_uring
 *		fixed		with registered buffers and file
 *		passthrough	NVMe commands on the generic device, with
 *				registered buffers
 *		fsync		write() and fsync() in turn, without a ring
 *	cpu=0			where it runs
 *	samples=1500		how many requests are looked at, after a sixth
 *				of that number, which are not
 *
 * It goes on until SIGTERM, then tells in one line how many samples there are
 * and how long they took, in ns: the median, 99 and 99.9 percent, each of all
 * of them and of two halves. What comes behind "with" is done beside it, by a
 * process of its own; the line tells how many requests these did meanwhile.
 * What is written is lost.
 */

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "uring.h"

#define AREA		(256ULL * MIB)
#define DEPTH_MAX	RING_ENTRIES
#define START_NS	50000000
#define TURN		64
/* Times by powers of two, and each of them in as many steps. */
#define STEPS		128
#define BINS		(40 * STEPS)

enum way { RING, FIXED, PASSTHROUGH, FSYNC };

struct job {
	const char *op, *order;
	enum way way;
	unsigned int bytes, depth, batch, cpu, samples;
};

static const struct job defaults = {
	"read", "random", RING, BLOCK, 1, 1, 0, 1500
};
static struct job job = defaults;

static struct {
	uint64_t started;	/* ns */
	unsigned char *data;
} slots[DEPTH_MAX];

static struct ring ring;
static int file;
static uint64_t position, state = 1;
static uint64_t bins[2][BINS], done, first_ns, last_ns;
/* Requests of the processes beside the first */
static uint64_t *beside, beside_first, beside_last;
static bool is_beside;
static volatile sig_atomic_t ended;

static void end(int signal)
{
	ended = signal;
}

static void die(const char *what, int error)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(error));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static void note_time(uint64_t ns)
{
	static unsigned int skipped;
	unsigned int power, bin = ns;

	if (is_beside) {
		__atomic_add_fetch(beside, 1, __ATOMIC_RELAXED);
		return;
	}
	if (done == job.samples)
		return;
	last_ns = now_ns();
	beside_last = __atomic_load_n(beside, __ATOMIC_RELAXED);
	if (skipped < job.samples / 6) {
		skipped++;
		first_ns = last_ns;
		beside_first = beside_last;
		return;
	}
	if (ns >= STEPS) {
		power = 63 - __builtin_clzll(ns / STEPS);
		bin = (power + 1) * STEPS + (ns >> power) - STEPS;
	}
	/* By turns, so that both halves see the same times. */
	bins[done++ / TURN % 2][bin < BINS ? bin : BINS - 1]++;
}

static uint64_t bin_start(unsigned int bin)
{
	if (bin < STEPS)
		return bin;
	return (uint64_t)(STEPS + bin % STEPS) << (bin / STEPS - 1);
}

/* Of the halves whose bits are in @halves */
static uint64_t percentile(unsigned int of_thousand, unsigned int halves)
{
	uint64_t sum = 0, below = 0, in[BINS];
	unsigned int bin;

	for (bin = 0; bin < BINS; bin++) {
		in[bin] = (halves & 1 ? bins[0][bin] : 0) +
			  (halves & 2 ? bins[1][bin] : 0);
		sum += in[bin];
	}
	for (bin = 0; bin < BINS - 1; bin++) {
		below += in[bin];
		if (below * 1000 >= sum * of_thousand)
			break;
	}
	return bin_start(bin);
}

static void tell_percentile(const char *name, unsigned int of_thousand)
{
	printf(" %s=%llu,%llu,%llu", name,
	       (unsigned long long)percentile(of_thousand, 3),
	       (unsigned long long)percentile(of_thousand, 1),
	       (unsigned long long)percentile(of_thousand, 2));
}

static bool next_is_write(void)
{
	if (!strcmp(job.op, "mixed"))
		return random_below(&state, 10) >= 7;
	return !strcmp(job.op, "write");
}

static uint64_t next_offset(void)
{
	if (!strcmp(job.order, "random"))
		return random_below(&state, AREA / job.bytes) *
		       (uint64_t)job.bytes;
	position = (position + job.bytes) % (AREA - AREA % job.bytes);
	return position;
}

static void queue_command(unsigned int slot, bool write, uint64_t offset)
{
	const struct nvme_uring_cmd cmd = {
		.opcode = write ? 0x01 : 0x02,
		.nsid = 1,
		.addr = (uintptr_t)slots[slot].data,
		.data_len = job.bytes,
		.cdw10 = offset / BLOCK,
		.cdw12 = job.bytes / BLOCK - 1,
	};

	ring_command(&ring, file, NVME_URING_CMD_IO, &cmd, slot,
		     IORING_URING_CMD_FIXED);
}

static void queue_request(unsigned int slot, bool write, uint64_t offset)
{
	unsigned int entry = (*ring.sq_tail + ring.queued) & ring.sq_mask;
	struct io_uring_sqe *sqe = (void *)(ring.sqes + entry * ring.sqe_size);

	memset(sqe, 0, ring.sqe_size);
	sqe->opcode = write ? IORING_OP_WRITE : IORING_OP_READ;
	sqe->fd = file;
	sqe->addr = (uintptr_t)slots[slot].data;
	sqe->len = job.bytes;
	sqe->off = offset;
	sqe->user_data = slot;
	if (job.way == FIXED) {
		sqe->opcode = write ? IORING_OP_WRITE_FIXED :
				      IORING_OP_READ_FIXED;
		sqe->flags = IOSQE_FIXED_FILE;
		sqe->fd = 0;
	}
	ring.sq_array[entry] = entry;
	ring.queued++;
}

/* A signal may end the wait, and what was queued has been submitted then. */
static void submit(unsigned int least)
{
	int ret = ring_submit(&ring, least);

	if (ret && ret != -EINTR)
		die("submit", -ret);
}

/* Starts the request of @slot, the last one now if @least is waited for. */
static void start(unsigned int slot, unsigned int least)
{
	bool write = next_is_write();
	uint64_t offset = next_offset();

	slots[slot].started = now_ns();
	if (job.way == PASSTHROUGH)
		queue_command(slot, write, offset);
	else
		queue_request(slot, write, offset);
	if (least || job.batch == 1)
		submit(least);
}

static unsigned int reap(unsigned int *freed)
{
	struct ring_result result;
	unsigned int count = 0;
	int good = job.way == PASSTHROUGH ? 0 : (int)job.bytes;

	while (ring_take(&ring, &result)) {
		if (result.res != good) {
			fprintf(stderr, "load: a request ended with %d\n",
				result.res);
			exit(1);
		}
		note_time(now_ns() - slots[result.id].started);
		freed[count++] = result.id;
	}
	return count;
}

static void run_ring(void)
{
	unsigned int freed[DEPTH_MAX], count = job.depth;

	for (unsigned int i = 0; i < count; i++)
		freed[i] = i;
	while (!ended) {
		for (unsigned int i = 0; i < count; i++)
			start(freed[i], i + 1 == count ? job.batch : 0);
		if (!count)
			submit(job.batch);
		count = reap(freed);
	}
}

static void run_fsync(void)
{
	uint64_t started;

	while (!ended) {
		started = now_ns();
		if (pwrite(file, slots[0].data, job.bytes, next_offset()) !=
		    (ssize_t)job.bytes || fsync(file))
			die("write and fsync", errno);
		note_time(now_ns() - started);
	}
}

static void open_ring(void)
{
	unsigned int flags = job.way == PASSTHROUGH ?
			     IORING_SETUP_SQE128 | IORING_SETUP_CQE32 : 0;
	struct iovec all = { slots[0].data, (size_t)job.bytes * job.depth };
	int ret = ring_open(&ring, flags);

	if (ret)
		die("ring", -ret);
	if (job.way == RING)
		return;
	if (syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS,
		    &all, 1) ||
	    syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_FILES,
		    &file, 1))
		die("register", errno);
}

static void set_up(void)
{
	cpu_set_t cpus;
	unsigned char *data = map_memory((size_t)job.bytes * job.depth);

	CPU_ZERO(&cpus);
	CPU_SET(job.cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		die("cpu", errno);
	file = job.way == PASSTHROUGH ?
	       open(GENERIC, O_RDWR | O_CLOEXEC) :
	       open(NAMESPACE, O_RDWR | O_CLOEXEC | O_DIRECT);
	if (file < 0 || !data)
		die("drive or memory", errno);
	for (unsigned int i = 0; i < job.depth; i++)
		slots[i].data = data + (size_t)i * job.bytes;
	if (job.way != FSYNC)
		open_ring();
}

static enum way way_of(const char *name)
{
	static const char * const names[] = {
		"ring", "fixed", "passthrough", "fsync"
	};

	for (enum way way = RING; way <= FSYNC; way++)
		if (!strcmp(name, names[way]))
			return way;
	die(name, EINVAL);
	return RING;
}

static void parse(char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		die(word, EINVAL);
	*value++ = '\0';
	if (!strcmp(word, "op"))
		job.op = value;
	else if (!strcmp(word, "order"))
		job.order = value;
	else if (!strcmp(word, "way"))
		job.way = way_of(value);
	else if (!strcmp(word, "bytes"))
		job.bytes = atoi(value);
	else if (!strcmp(word, "depth"))
		job.depth = atoi(value);
	else if (!strcmp(word, "batch"))
		job.batch = atoi(value);
	else if (!strcmp(word, "cpu"))
		job.cpu = atoi(value);
	else if (!strcmp(word, "samples"))
		job.samples = atoi(value);
	else
		die(word, EINVAL);
}

static void check(void)
{
	if (!job.depth || job.depth > DEPTH_MAX || !job.batch ||
	    job.batch > job.depth || !job.bytes || job.bytes % BLOCK ||
	    !job.samples)
		die("numbers", EINVAL);
}

static void run(void)
{
	check();
	set_up();
	sigaction(SIGTERM, &(struct sigaction) { .sa_handler = end }, NULL);
	/* Whoever has started it is done by then. */
	nanosleep(&(struct timespec) { .tv_nsec = START_NS }, NULL);
	if (job.way == FSYNC)
		run_fsync();
	else
		run_ring();
}

/* A process for the job so far; it ends with this one. */
static void run_beside(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork", errno);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		is_beside = true;
		run();
		exit(0);
	}
	job = defaults;
}

static void tell(void)
{
	printf("requests=%llu beside=%llu ns=%llu",
	       (unsigned long long)done,
	       (unsigned long long)(beside_last - beside_first),
	       (unsigned long long)(last_ns - first_ns));
	tell_percentile("p50", 500);
	tell_percentile("p99", 990);
	tell_percentile("p999", 999);
	printf("\n");
}

int main(int argc, char **argv)
{
	beside = mmap(NULL, sizeof(*beside), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (beside == MAP_FAILED)
		die("memory", errno);
	/* From the last job to the first, which is this process's own. */
	while (--argc)
		if (strcmp(argv[argc], "with"))
			parse(argv[argc]);
		else
			run_beside();
	run();
	tell();
	return 0;
}
