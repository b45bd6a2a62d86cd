#include "base/core.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* The leak checker of the address sanitizer traces the process at its end. */
#ifdef __SANITIZE_ADDRESS__
#define MAY_BE_TRACED 1
#else
#define MAY_BE_TRACED 0
#endif

void core_forbid(void)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (!MAY_BE_TRACED)
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
