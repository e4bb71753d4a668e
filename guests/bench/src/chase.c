/* Follows a random cycle through 4 MiB, 1024 pages: loads that wait for loads. */
#include "bench.h"

#define NODES (4 << 20) / sizeof(struct node)
#define HOPS 200000

/* A cache line each. */
struct node {
	struct node *next;
	uint64_t value[7];
};

static struct node nodes[NODES];

static uint64_t chase(void)
{
	struct node *at = nodes;
	uint64_t sum = 0;

	for (int i = 0; i < HOPS; i++) {
		sum = sum * 3 + at->value[0];
		at = at->next;
	}
	return sum;
}

int main(int argc, char **argv)
{
	static uint32_t order[NODES];
	uint64_t seed = 5;

	/* Sattolo's shuffle makes one cycle of all. */
	for (size_t i = 0; i < NODES; i++)
		order[i] = i;
	for (size_t i = NODES - 1; i > 0; i--) {
		size_t j = bench_random(&seed) % i;
		uint32_t swap = order[i];

		order[i] = order[j], order[j] = swap;
	}
	for (size_t i = 0; i < NODES; i++) {
		nodes[i].next = &nodes[order[i]];
		nodes[i].value[0] = bench_random(&seed);
	}
	return bench_main("chase", argc, argv, chase);
}
