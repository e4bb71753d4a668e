/* Two threads want the same lock and the same counter. */
#include <pthread.h>
#include <sched.h>

#include "bench.h"

#define TURNS 20000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t guarded, counter;

static void *work(void *unused)
{
	for (int i = 0; i < TURNS; i++) {
		pthread_mutex_lock(&lock);
		guarded++;
		/* Now and then the other one finds it locked, on one processor too. */
		if (i % 64 == 0)
			sched_yield();
		pthread_mutex_unlock(&lock);
		__atomic_fetch_add(&counter, i, __ATOMIC_SEQ_CST);
	}
	return unused;
}

static uint64_t contend(void)
{
	pthread_t threads[2];

	guarded = counter = 0;
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, work, NULL))
			bench_fail("pthread_create");
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return bench_mix(guarded, counter);
}

int main(int argc, char **argv)
{
	return bench_main("threads", argc, argv, contend);
}
