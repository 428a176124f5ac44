#include "base/clock.h"

#include "base/os.h"

double pybp_clock_ms(void)
{
    return (double)pybp_os_nanoseconds() * 1e-6;
}
