/* The C library's memcpy, memset and memcmp, from 24 bytes to 1 MiB. */
#include "bench.h"

#define BUFFER (1 << 20)

static uint8_t from[BUFFER + 64], to[BUFFER + 64];

static uint64_t copy(void)
{
	static const size_t sizes[] = { 24, 160, 1500, 4096, 65536, BUFFER };
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		size_t size = sizes[i], skew = 0;

		OPAQUE(size);
		for (size_t done = 0; done < 2 * BUFFER; done += size) {
			/* Aligned and not, by turns. */
			memcpy(to + skew, from + 2 * skew, size);
			skew = (skew + 1) & 7;
		}
		sum = bench_mix(sum, memcmp(to, from, size) != 0);
		memset(to, (int)i, size);
		sum = bench_mix(sum, to[size - 1]);
	}
	return sum;
}

int main(int argc, char **argv)
{
	uint64_t seed = 3;

	for (size_t i = 0; i < sizeof from; i++)
		from[i] = bench_random(&seed);
	return bench_main("memcpy", argc, argv, copy);
}
