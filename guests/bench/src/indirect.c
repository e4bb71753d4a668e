/* Calls through a table of 64 functions in an order that repeats late. */
#include "bench.h"

#define CALLS 200000

typedef uint64_t function(uint64_t);

#define DEFINE(n) \
	__attribute__((noinline)) static uint64_t f##n(uint64_t x) \
	{ \
		return (x ^ (n * 0x1234567 + 1)) * 5 + (x >> (n + 1) % 64); \
	}
#define EIGHT(what, d) \
	what(d##0) what(d##1) what(d##2) what(d##3) what(d##4) what(d##5) \
		what(d##6) what(d##7)
#define ALL(what) \
	EIGHT(what, 1) EIGHT(what, 2) EIGHT(what, 3) EIGHT(what, 4) \
		EIGHT(what, 5) EIGHT(what, 6) EIGHT(what, 7) EIGHT(what, 8)
#define NAME(n) f##n,

ALL(DEFINE)
static function *const table[64] = { ALL(NAME) };
static uint8_t order[1024];

static uint64_t call(void)
{
	uint64_t x = 1;

	for (int i = 0; i < CALLS; i++)
		x = table[order[i & 1023]](x);
	return x;
}

int main(int argc, char **argv)
{
	uint64_t seed = 10;

	for (size_t i = 0; i < sizeof order; i++)
		order[i] = bench_random(&seed) & 63;
	return bench_main("indirect", argc, argv, call);
}
