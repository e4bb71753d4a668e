/* A hash table with open addressing: insertions, look-ups and removals. */
#include "bench.h"

#define SLOTS (1 << 16)
#define KEYS 30000
/* No key: those are odd. */
#define EMPTY 0
#define REMOVED 2

static struct slot {
	uint64_t key, value;
} slots[SLOTS];

static size_t place(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15 >> 48;
}

static void insert(uint64_t key, uint64_t value)
{
	size_t at = place(key);

	while (slots[at].key & 1 && slots[at].key != key)
		at = (at + 1) % SLOTS;
	slots[at].key = key;
	slots[at].value = value;
}

static struct slot *find(uint64_t key)
{
	size_t at = place(key);

	while (slots[at].key != EMPTY) {
		if (slots[at].key == key)
			return &slots[at];
		at = (at + 1) % SLOTS;
	}
	return NULL;
}

static uint64_t work(void)
{
	uint64_t seed = 9, again = 9, sum = 0;

	memset(slots, 0, sizeof slots);
	for (int i = 0; i < KEYS; i++)
		insert(bench_random(&seed) | 1, i);
	for (int i = 0; i < KEYS; i++) {
		struct slot *slot = find(bench_random(&again) | 1);

		sum = bench_mix(sum, slot->value);
		if (i % 3 == 0)
			slot->key = REMOVED;
		/* Of these, nearly none is there. */
		sum += find(bench_random(&seed) | 1) != NULL;
	}
	return sum;
}

int main(int argc, char **argv)
{
	return bench_main("hashmap", argc, argv, work);
}
