/* Sv57: pages of 4 KiB to 256 TiB. */
#define LEVELS 5
#define MODE 10
#include "paging.h"
