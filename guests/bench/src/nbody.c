/* Five bodies under gravity: additions, multiplications, roots and divisions. */
#include <math.h>

#include "bench.h"

#define BODIES 5
#define STEPS 10000

struct body {
	double x[3], v[3], mass;
};

/* The sun, Jupiter, Saturn, Uranus, Neptune; AU, AU per day, solar masses * 4 pi^2. */
static const struct body start[BODIES] = {
	{ { 0, 0, 0 }, { 0, 0, 0 }, 39.478417604357432 },
	{ { 4.84, -1.16, -0.103 }, { 0.606, 2.81, -0.0252 }, 0.0377 },
	{ { 8.34, 4.12, -0.403 }, { -1.01, 1.82, 0.00842 }, 0.0113 },
	{ { 12.9, -15.1, -0.223 }, { 1.08, 0.869, -0.0108 }, 0.00172 },
	{ { 15.4, -25.9, 0.179 }, { 0.979, 0.594, -0.0348 }, 0.00203 },
};

static void advance(struct body *all, double dt)
{
	for (int i = 0; i < BODIES; i++) {
		for (int j = i + 1; j < BODIES; j++) {
			struct body *a = &all[i], *b = &all[j];
			double dx = a->x[0] - b->x[0], dy = a->x[1] - b->x[1];
			double dz = a->x[2] - b->x[2];
			double square = dx * dx + dy * dy + dz * dz;
			double pull = dt / (square * sqrt(square));
			double pa = b->mass * pull, pb = a->mass * pull;

			a->v[0] -= dx * pa, a->v[1] -= dy * pa, a->v[2] -= dz * pa;
			b->v[0] += dx * pb, b->v[1] += dy * pb, b->v[2] += dz * pb;
		}
	}
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			all[i].x[k] += dt * all[i].v[k];
}

static uint64_t simulate(void)
{
	struct body all[BODIES];
	uint64_t sum = 0;

	memcpy(all, start, sizeof all);
	for (int step = 0; step < STEPS; step++)
		advance(all, 0.01);
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			sum = bench_mix_double(sum, all[i].x[k]);
	return sum;
}

int main(int argc, char **argv)
{
	return bench_main("nbody", argc, argv, simulate);
}
