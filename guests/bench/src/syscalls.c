/* The shortest system call there is, again and again. */
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define CALLS 10000

static uint64_t call(void)
{
	long parent = getppid();
	uint64_t same = 0;

	for (int i = 0; i < CALLS; i++)
		same += syscall(SYS_getppid) == parent;
	return same;
}

int main(int argc, char **argv)
{
	return bench_main("syscalls", argc, argv, call);
}
