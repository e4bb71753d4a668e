/* Maps 256 pages, touches each for the first time, and unmaps them. */
#include <sys/mman.h>

#include "bench.h"

#define PAGE 4096
#define BYTES (256 * PAGE)
#define TURNS 4

static uint64_t fault(void)
{
	uint64_t sum = 0;

	for (int turn = 0; turn < TURNS; turn++) {
		volatile uint8_t *area = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
					      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (area == MAP_FAILED)
			bench_fail("mmap");
		/* A kernel without huge pages refuses this, and need not obey. */
		madvise((void *)area, BYTES, MADV_NOHUGEPAGE);
		for (size_t at = 0; at < BYTES; at += PAGE) {
			sum += area[at];
			area[at] = 1;
			sum += area[at];
		}
		munmap((void *)area, BYTES);
	}
	return sum;
}

int main(int argc, char **argv)
{
	return bench_main("pagefault", argc, argv, fault);
}
