#include "net/model/lock.h"

static _Thread_local const pybp_net *admitted;

const pybp_net *pybp_admit_reader(const pybp_net *net)
{
    const pybp_net *before = admitted;
    admitted = net;
    return before;
}

bool pybp_enter_read(const pybp_net *net)
{
    atomic_int *users = (atomic_int *)(uintptr_t)&net->users;
    int n = atomic_load_explicit(users, memory_order_relaxed);
    while (n >= 0)
        if (atomic_compare_exchange_weak_explicit(users, &n, n + 1, memory_order_acquire, memory_order_relaxed))
            return true;
    return net == admitted;
}

void pybp_leave_read(const pybp_net *net)
{
    atomic_int *users = (atomic_int *)(uintptr_t)&net->users;
    if (atomic_load_explicit(users, memory_order_relaxed) > 0) /* 0 or less: an admitted reader */
        atomic_fetch_sub_explicit(users, 1, memory_order_release);
}

bool pybp_enter_write(pybp_net *net)
{
    int idle = 0;
    return atomic_compare_exchange_strong_explicit(&net->users, &idle, -1, memory_order_acquire,
                                                   memory_order_relaxed);
}

void pybp_leave_write(pybp_net *net)
{
    atomic_store_explicit(&net->users, 0, memory_order_release);
}
