/* The C library's sin, exp, log, pow, atan2, cbrt and hypot. */
#include <math.h>

#include "bench.h"

#define POINTS 3000

static double points[POINTS];

/* Without the last bits, in which C libraries may differ. */
static uint64_t mix_rounded(uint64_t sum, double value)
{
	return bench_mix(sum, llrint(value * 0x1p20));
}

static uint64_t evaluate(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < POINTS; i++) {
		double x = points[i];

		sum = mix_rounded(sum, sin(x * 10) + cos(x * 3));
		sum = mix_rounded(sum, exp(x) - log(x + 2));
		sum = mix_rounded(sum, pow(x + 1.5, 2.25) + atan2(x, 0.5));
		sum = mix_rounded(sum, cbrt(x) + hypot(x, 1));
	}
	return sum;
}

int main(int argc, char **argv)
{
	uint64_t seed = 8;

	for (int i = 0; i < POINTS; i++)
		points[i] = (int64_t)bench_random(&seed) * 0x1p-63;
	return bench_main("libm", argc, argv, evaluate);
}
