/* The Mandelbrot set in single precision: comparisons and conversions too. */
#include "bench.h"

#define SIZE 64
#define LIMIT 200

static uint64_t draw(void)
{
	uint64_t sum = 0;

	for (int row = 0; row < SIZE; row++) {
		for (int column = 0; column < SIZE; column++) {
			float re = column * (3.0f / SIZE) - 2.0f;
			float im = row * (2.0f / SIZE) - 1.0f;
			float x = 0, y = 0;
			int n = 0;

			while (n < LIMIT && x * x + y * y <= 4.0f) {
				float next = x * x - y * y + re;

				y = 2 * x * y + im;
				x = next;
				n++;
			}
			sum = bench_mix(sum, n + (int)(x * 16));
		}
	}
	return sum;
}

int main(int argc, char **argv)
{
	return bench_main("mandelbrot", argc, argv, draw);
}
