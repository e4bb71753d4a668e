/* The sieve of Eratosthenes up to a million: stores at growing strides. */
#include "bench.h"

#define LIMIT 1000000

static uint8_t composite[LIMIT];

static uint64_t sieve(void)
{
	uint64_t count = 0;

	memset(composite, 0, sizeof composite);
	for (uint64_t i = 2; i < LIMIT; i++) {
		if (composite[i])
			continue;
		count++;
		for (uint64_t j = i * i; j < LIMIT; j += i)
			composite[j] = 1;
	}
	return count;
}

int main(int argc, char **argv)
{
	return bench_main("sieve", argc, argv, sieve);
}
