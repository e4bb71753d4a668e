/* The C library's qsort with a comparison through a function pointer. */
#include "bench.h"

#define COUNT 20000

static uint32_t keys[COUNT];

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint64_t sort(void)
{
	uint64_t seed = 4, sum = 0;

	for (int i = 0; i < COUNT; i++)
		keys[i] = bench_random(&seed);
	qsort(keys, COUNT, sizeof *keys, compare);
	for (int i = 0; i < COUNT; i++)
		sum = bench_mix(sum, keys[i]);
	return sum;
}

int main(int argc, char **argv)
{
	return bench_main("qsort", argc, argv, sort);
}
