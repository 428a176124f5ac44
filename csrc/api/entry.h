/* What the entry points have in common: check the arguments, lock the net, set the floating-point environment, call
 * net/. */
#ifndef PYBP_API_ENTRY_H
#define PYBP_API_ENTRY_H

#include "base/fpenv.h"
#include "base/status.h"
#include "net/model/lock.h"

#include <stdbool.h>

/* Return the status of a call unless it is PYBP_OK. */
#define CHECK(call) \
    do { \
        const pybp_status checked = (call); \
        if (checked != PYBP_OK) \
            return checked; \
    } while (0)

/* Make a call alone on the net (mode: write) or beside other readers (read), in the contract's floating-point
 * environment, and return its status. */
#define RETURN_LOCKED(net, mode, call) \
    do { \
        if (!pybp_enter_##mode(net)) \
            return pybp_fail(PYBP_BUSY, "another call is using this net"); \
        const pybp_fpenv env = pybp_fpenv_enter(); \
        const pybp_status status = (call); \
        pybp_fpenv_leave(env); \
        pybp_leave_##mode(net); \
        return status; \
    } while (0)

/* Refuse NULL: CHECK_POINTERS(net != NULL && x != NULL). */
#define CHECK_POINTERS(condition) \
    do { \
        if (!(condition)) \
            return pybp_fail(PYBP_INVALID, "an argument is NULL"); \
    } while (0)

#endif
