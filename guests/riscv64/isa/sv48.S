/* Sv48: pages of 4 KiB to 512 GiB. */
#define LEVELS 4
#define MODE 9
#include "paging.h"
