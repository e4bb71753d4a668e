/*
 * Polynomials by fused multiply-add: an instruction of RISC-V and Arm, a call
 * of the C library on x86-64.
 */
#include <math.h>

#include "bench.h"

#define POINTS 4096

static double points[POINTS];

static uint64_t evaluate(void)
{
	static const double taylor[] = { 1.0 / 5040, 1.0 / 720, 1.0 / 120,
					 1.0 / 24,   1.0 / 6,	0.5, 1, 1 };
	uint64_t sum = 0;

	for (int i = 0; i < POINTS; i++) {
		double x = points[i], up = 0, down = 0;

		for (int k = 0; k < 8; k++) {
			up = fma(up, x, taylor[k]);
			down = fma(down, -x, taylor[k]);
		}
		sum = bench_mix_double(sum, fma(up, down, -1));
	}
	return sum;
}

int main(int argc, char **argv)
{
	uint64_t seed = 7;

	for (int i = 0; i < POINTS; i++)
		points[i] = (int64_t)bench_random(&seed) * 0x1p-63;
	return bench_main("fma", argc, argv, evaluate);
}
