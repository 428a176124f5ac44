/* Starts main() on a Cortex-M4 with FPU, the machine mps2-an386 of qemu-system-arm, and ends the emulator with what it
 * returns. */
#include <stdint.h>

int main(void);
void start(void);
extern uint32_t stack_top; /* start.ld */

void start(void)
{
    *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20; /* CPACR: the FPU on */
    __asm__ volatile("dsb\n\tisb");
    const uint32_t stop[2] = {0x20026u, (uint32_t)main()}; /* ADP_Stopped_ApplicationExit */
    register uint32_t r0 __asm__("r0") = 0x20u;            /* SYS_EXIT_EXTENDED */
    register const uint32_t *r1 __asm__("r1") = stop;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[2] = {(uintptr_t)&stack_top,
                                                                                (uintptr_t)start};
