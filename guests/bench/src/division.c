/* Quotients and remainders, 32 and 64 bits wide, signed and not. */
#include "bench.h"

#define COUNT 4096

static uint64_t numbers[COUNT];

static uint64_t divide(void)
{
	uint64_t sum = 0;

	for (int turn = 0; turn < 8; turn++) {
		for (int i = 0; i + 1 < COUNT; i++) {
			uint64_t n = numbers[i], d = numbers[i + 1] >> (i & 63) | 1;

			sum += n / d ^ n % d;
			sum += (uint64_t)((int64_t)n / (int64_t)(d >> 1 | 3));
			sum += (uint32_t)n / (uint32_t)(d | 1);
			sum += (int32_t)n % (int32_t)((d >> 1 & 0xffff) | 5);
		}
	}
	return sum;
}

int main(int argc, char **argv)
{
	uint64_t seed = 11;

	for (int i = 0; i < COUNT; i++)
		numbers[i] = bench_random(&seed);
	return bench_main("division", argc, argv, divide);
}
