/* Product of two 96 x 96 matrices of doubles: streams of multiply and add. */
#include "bench.h"

#define N 96

static double a[N][N], b[N][N], c[N][N];

static uint64_t multiply(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < N; i++) {
		memset(c[i], 0, sizeof c[i]);
		for (int k = 0; k < N; k++)
			for (int j = 0; j < N; j++)
				c[i][j] += a[i][k] * b[k][j];
	}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			sum = bench_mix_double(sum, c[i][j]);
	return sum;
}

int main(int argc, char **argv)
{
	uint64_t seed = 6;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = (int64_t)bench_random(&seed) * 0x1p-63;
			b[i][j] = (int64_t)bench_random(&seed) * 0x1p-63;
		}
	return bench_main("matmul", argc, argv, multiply);
}
