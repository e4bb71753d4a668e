# hammer.S on four harts, for 10 seconds.

#define HARTS   4
#define SECONDS 10
#include "hammer.S"
