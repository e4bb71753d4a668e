/* Sv39: pages of 4 KiB, 2 MiB and 1 GiB. */
#define LEVELS 3
#define MODE 8
#include "paging.h"
