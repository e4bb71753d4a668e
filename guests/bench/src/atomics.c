/* Atomic additions, exchanges, logic and compare-and-swap without contention. */
#include "bench.h"

#define TURNS 50000

static uint64_t cells[8];
static uint32_t word;

static uint64_t work(void)
{
	uint64_t sum = 0;

	memset(cells, 0, sizeof cells);
	word = 1;
	for (uint64_t i = 0; i < TURNS; i++) {
		uint64_t *cell = &cells[i & 7], expected, wanted;

		sum += __atomic_fetch_add(cell, i, __ATOMIC_SEQ_CST);
		sum += __atomic_exchange_n(cell, sum, __ATOMIC_ACQ_REL);
		sum ^= __atomic_fetch_or(&word, (uint32_t)i, __ATOMIC_RELAXED);
		__atomic_fetch_and(&word, ~7u, __ATOMIC_RELEASE);
		expected = __atomic_load_n(cell, __ATOMIC_ACQUIRE);
		do
			wanted = expected * 3 + 1;
		while (!__atomic_compare_exchange_n(cell, &expected, wanted, 0,
						    __ATOMIC_SEQ_CST,
						    __ATOMIC_RELAXED));
	}
	return bench_mix(sum, word);
}

int main(int argc, char **argv)
{
	return bench_main("atomics", argc, argv, work);
}
