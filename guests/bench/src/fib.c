/*
 * Calls and returns: the Fibonacci numbers by their definition, and recursion
 * 5000 calls deep, more than any stack of predicted return addresses holds.
 */
#include "bench.h"

#pragma GCC optimize("no-optimize-sibling-calls", "no-inline")

__attribute__((noinline, noclone)) static uint64_t fib(uint64_t n)
{
	OPAQUE(n);
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

__attribute__((noinline, noclone)) static uint64_t deep(uint64_t n)
{
	OPAQUE(n);
	return n == 0 ? 1 : deep(n - 1) * 3 + n;
}

static uint64_t recurse(void)
{
	uint64_t sum = fib(25);

	for (int i = 0; i < 20; i++)
		sum = bench_mix(sum, deep(5000 + i));
	return sum;
}

int main(int argc, char **argv)
{
	return bench_main("fib", argc, argv, recurse);
}
