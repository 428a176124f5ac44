"""The text of a C file and of its header."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pybp import _core
from pybp._common.types import Array
from pybp.export.c.core_source import functions, needed
from pybp.export.c.source import Source
from pybp.export.c.text import array, comment, enumerators, string

__all__ = ["CFile"]

_HEADING = """\
/* {title}
 * Written by pybp {version}. {promise},
 * under any C99 compiler that keeps to IEEE 754.
 *
 *     cc -O3 -march=native -c {file}                          needs -lm
 *     cc -O3 -march=native -D{NAME}_MAIN {file} -lm           the self-test as a program: it returns 0
 *
 * -D{NAME}_SELF_TEST  adds int {name}_self_test(void): how many outputs differ from the recorded ones
 * -D{NAME}_NO_FMA     for CPUs without fused multiply-add, where fma() is slow: a few last bits differ then
 * -ffast-math and clang's -ffp-contract=fast change the results.
 *
 * Flash: {flash:,} bytes of constants, and the code. RAM: {scratch:,} bytes of scratch, which {name}_predict has on
 * the stack, x and y. Nothing is allocated, and no variable outlives a call, so threads may call it at the same time. */
"""

_INCLUDES = """\
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
"""

_CHECKS = """\
#ifndef __clang__
#ifdef __GNUC__
#define {NAME}_INLINE inline __attribute__((always_inline))
{fuses}#else
#pragma STDC FP_CONTRACT OFF
#endif
#else
#define {NAME}_INLINE inline __attribute__((always_inline))
#pragma STDC FP_CONTRACT OFF
#endif
#ifndef {NAME}_INLINE
#define {NAME}_INLINE inline
#endif

#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \\
    defined(__NO_SIGNED_ZEROS__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#error "compile without -ffast-math and its parts: they change the results"
#endif
#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16 /* 16: of _Float16 alone */
#error "FLT_EVAL_METHOD must be 0: on 32-bit x86 compile with -msse2 -mfpmath=sse"
#endif
#if defined(__NEWLIB__) && !({has_fma}) && !defined({NAME}_NO_FMA)
#error "this CPU has no {fma}, and newlib's rounds twice: define {NAME}_NO_FMA"
#endif
"""

_HAS_FMA = {
    "float32": "defined(__FP_FAST_FMAF) || defined(__ARM_FEATURE_FMA)",
    "float64": "defined(__FP_FAST_FMA) || (defined(__ARM_FEATURE_FMA) && (__ARM_FP & 8))",
}
"""What gcc, and clang, say of a CPU with fused multiply-add."""

_FUSES = """\
#if defined({fast_fma}) && !defined({NAME}_NO_FMA)
#define {NAME}_FUSES_PRODUCTS
#endif
"""

_SELF_TEST = """\
#if defined({NAME}_MAIN) && !defined({NAME}_SELF_TEST)
#define {NAME}_SELF_TEST
#endif
#ifdef {NAME}_SELF_TEST
{inputs}

{outputs}

static int {name}_same(const {real} *a, const {real} *b)
{{
#ifdef {NAME}_NO_FMA
    const {real} distance = *a > *b ? *a - *b : *b - *a, size = *b < 0 ? -*b : *b;
    return distance <= {tolerance} * (1 + size);
#else
    return memcmp(a, b, sizeof *a) == 0;
#endif
}}

int {name}_self_test(void)
{{
    int differ = {extra};
    for (size_t row = 0; row < {rows}; row++) {{
        {real} y[{n_out}];
        {name}_predict(&{name}_test_x[row * {n_in}], y);
        for (size_t j = 0; j < {n_out}; j++)
            differ += !{name}_same(&y[j], &{name}_test_y[row * {n_out} + j]);
    }}
    return differ;
}}
#endif
#ifdef {NAME}_MAIN
int main(void) {{ return {name}_self_test() != 0; }}
#endif
"""


_ONE_NET = """\
void {name}_predict_with(const {real} *x, {real} *y, void *memory)
{{
    {scratch_type} *const scratch = memory;
    {call}
}}
"""

_SEVERAL_NETS = """\
/* The mean of the outputs of the nets. */
static void {name}_mean(const {real} *x, double *total, {scratch_type} *scratch)
{{
    {real} y[{n_out}];
    {call}
    for (size_t j = 0; j < {n_out}; j++)
        total[j] = y[j];
{calls}
    for (size_t j = 0; j < {n_out}; j++)
        total[j] = total[j] / {n};
}}

void {name}_predict_with(const {real} *x, {real} *y, void *memory)
{{
    double mean[{n_out}];
    {name}_mean(x, mean, memory);
    for (size_t j = 0; j < {n_out}; j++)
        y[j] = ({real})mean[j];
}}
"""

_ON_THE_STACK = """\
void {name}_predict(const {real} *x, {real} *y)
{{
    {scratch_type} scratch[{name}_scratch_bytes / sizeof({scratch_type})];
    {name}_predict_with(x, y, scratch);
}}
"""


@dataclass(frozen=True)
class CFile:
    """All that the file says.

    Attributes
    ----------
    sources : sequence of Source
        The nets, whose outputs are averaged.
    title : str
        The call that makes such a net.
    stem : str
        The name of the two files without their endings.
    rows, outputs : ndarray
        What the self-test computes.
    input_names, class_names : sequence or None
        The names of the inputs, and of the classes.
    extra_header, extra_code : str
        What stands at the end of the header, and after the net.
    extra_test : str
        A C expression: how many outputs of further tests differ.
    """

    sources: Sequence[Source]
    title: str
    stem: str
    rows: Array
    outputs: Array
    input_names: Sequence[Any] | None = None
    class_names: Sequence[Any] | None = None
    extra_header: str = ""
    extra_code: str = ""
    extra_test: str = "0"

    @property
    def source(self) -> Source:
        """The first net."""
        return self.sources[0]

    @property
    def _words(self) -> dict[str, Any]:
        source = self.source
        double = source.real == "float64"
        return {
            "name": source.name,
            "NAME": source.name.upper(),
            "real": source.c_real,
            "n_in": self.rows.shape[1],
            "n_out": self.outputs.shape[1],
            "rows": len(self.rows),
            "scratch": max(source.scratch_bytes for source in self.sources),
            "flash": sum(source.weight_bytes for source in self.sources),
            "file": f"{self.stem}.c",
            "title": comment(self.title),
            "version": _core.version(),
            "promise": source.promise,
            "extra": self.extra_test,
            "fma": "fma" if double else "fmaf",
            "has_fma": _HAS_FMA[source.real],
            "fast_fma": "__FP_FAST_FMA" if double else "__FP_FAST_FMAF",
            "tolerance": "1e-9" if double else "1e-4f",
        }

    def code(self) -> str:
        """The C file."""
        words, source = self._words, self.source
        predict = self._predict()
        known = functions(source.name, source.real)
        used = needed(predict + self.extra_code, known)
        words["fuses"] = _FUSES.format(**words)
        words["inputs"] = array("{real} {name}_test_x[]".format(**words), self.rows, source.real)
        words["outputs"] = array(
            "{real} {name}_test_y[]".format(**words), self.outputs, source.real
        )
        parts = [
            _HEADING.format(**words),
            f'#include "{self.stem}.h"\n',
            _INCLUDES,
            _CHECKS.format(**words),
            "/* ---- what the layers compute, operation by operation as pybp's core ---- */\n",
            *(f"{definition}\n" for definition in used.values()),
            "/* ---- the net ---- */\n",
            *(f"{definition}\n" for each in self.sources for definition in each.data),
            predict,
            self._name_tables(),
            self.extra_code,
            _SELF_TEST.format(**words),
        ]
        return "\n".join(part for part in parts if part)

    def _predict(self) -> str:
        template = _ONE_NET if len(self.sources) == 1 and not self.extra_code else _SEVERAL_NETS
        calls = [f"{each.name}{each.number}_compute(x, y, scratch);" for each in self.sources]
        add = "    for (size_t j = 0; j < {n_out}; j++)\n        total[j] = total[j] + y[j];"
        words = self._words | {
            "scratch_type": self.source.scratch_type,
            "call": calls[0],
            "calls": "\n".join(f"    {call}\n{add.format(**self._words)}" for call in calls[1:]),
            "n": len(calls),
        }
        functions = "\n".join(each.function for each in self.sources)
        return f"{functions}\n{template.format(**words)}\n{_ON_THE_STACK.format(**words)}"

    def _name_tables(self) -> str:
        tables = []
        for what, names in self._named():
            strings = "".join(f"    {string(str(name))},\n" for name in names)
            place = f"const char *const {self.source.name}_{what}_names[{len(names)}]"
            tables.append(f"{place} = {{\n{strings}}};\n")
        return "\n".join(tables)

    def _named(self) -> list[tuple[str, Sequence[Any]]]:
        both = (("input", self.input_names), ("class", self.class_names))
        return [(what, names) for what, names in both if names is not None]

    def header(self) -> str:
        """The header."""
        words = self._words
        includes = "#include <stdint.h>\n" if self.extra_header else ""
        lines = [
            "/* {title}; written by pybp {version} */\n#ifndef PYBP_{NAME}_H\n#define PYBP_{NAME}_H\n"
            + includes,
            '#ifdef __cplusplus\nextern "C" {{\n#endif',
            "enum {{ {name}_n_in = {n_in}, {name}_n_out = {n_out}, {name}_scratch_bytes = {scratch} }};",
        ]
        text = "\n\n".join(lines).format(**words)
        for what, names in self._named():
            prefix = f"{self.source.name}_{what}".upper()
            rows = zip(enumerators(prefix, names), names, strict=True)
            items = "".join(f"    {own}, /* {comment(name)} */\n" for own, name in rows)
            text += f"\n\nenum {self.source.name}_{what} {{\n{items}}};\n"
            text += f"extern const char *const {self.source.name}_{what}_names[{len(names)}];"
        text += (
            "\n\n/* The outputs y[{n_out}] for the inputs x[{n_in}], which must be finite. The arrays don't overlap. */\n"
            "void {name}_predict(const {real} *x, {real} *y);\n\n"
            "/* The same with {name}_scratch_bytes of memory, aligned as a {real}, instead of the stack. */\n"
            "void {name}_predict_with(const {real} *x, {real} *y, void *memory);\n\n"
            "#if defined({NAME}_SELF_TEST) || defined({NAME}_MAIN)\nint {name}_self_test(void);\n#endif\n"
        ).format(**words)
        return text + self.extra_header + "\n#ifdef __cplusplus\n}\n#endif\n#endif\n"
