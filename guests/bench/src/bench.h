/*
 * What every program of the suite shares: a round of work is repeated until
 * enough time has gone by, and one line is printed:
 *
 *     NAME CHECKSUM ROUNDS SECONDS
 *
 * Rounds per second compare machines of any speed, and the checksum, which is
 * that of one round, says that they did the same work.
 */
#ifndef BENCH_H
#define BENCH_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Seconds that a program measures at `--scale 1`. */
#define BENCH_SECONDS 0.5

/* Keeps the compiler from working `value` out before the program runs. */
#define OPAQUE(value) __asm__ volatile("" : "+r"(value))

static inline double bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec * 1e-9;
}

/* Marsaglia's xorshift64: the same numbers everywhere. */
static inline uint64_t bench_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline uint64_t bench_mix(uint64_t sum, uint64_t value)
{
	sum = (sum ^ value) * 0x9e3779b97f4a7c15;
	return sum ^ (sum >> 29);
}

static inline uint64_t bench_mix_double(uint64_t sum, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	return bench_mix(sum, bits);
}

static inline void bench_fail(const char *what)
{
	perror(what);
	exit(1);
}

/*
 * Measures `round`, which returns its checksum, the same one each time. The
 * first round is not counted: it is where memory and translations come to be.
 */
static inline int bench_main(const char *name, int argc, char **argv,
			     uint64_t (*round)(void))
{
	double target = BENCH_SECONDS, elapsed, start;
	uint64_t checksum, rounds = 0;

	if (argc == 3 && !strcmp(argv[1], "--scale"))
		target *= atof(argv[2]);
	else if (argc != 1) {
		fprintf(stderr, "usage: %s [--scale FACTOR]\n", argv[0]);
		return 2;
	}
	/* Rounds must not be found to be all the same, and done once. */
	OPAQUE(round);
	checksum = round();
	start = bench_now();
	do {
		OPAQUE(round);
		if (round() != checksum) {
			fprintf(stderr, "%s: a round differs\n", name);
			return 1;
		}
		rounds++;
		elapsed = bench_now() - start;
	} while (elapsed < target);
	printf("%s %016" PRIx64 " %" PRIu64 " %.6f\n", name, checksum, rounds,
	       elapsed);
	return 0;
}

#endif
