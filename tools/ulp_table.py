"""Measure the errors of exp, log, tanh ... and write the table in docs/numerics.md.

    cmake --build build/c && python tools/ulp_table.py build/c/test_vmath_avx2

The test program checks every 97th float32 number and 60 million float64 numbers for each function, which takes a
minute or two. `--step 1` checks every float32 number and takes an hour.
"""

import argparse
import re
import subprocess
from pathlib import Path

import pages

LINE = re.compile(r"^(\w+) +([\d.]+) \S+ +([\d.]+) \S+ +([\d.]+) +0x", re.MULTILINE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("program", type=Path, help="test_vmath of any instruction set")
    parser.add_argument("--step", type=int, default=97, help="check every nth float32 number")
    options = parser.parse_args()
    command = [options.program.resolve(), str(options.step)]
    found = LINE.findall(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    rows = [
        [f"`{name}`", f"{float(single):.2f}", f"{float(double):.2f}", f"{float(bound):g}"]
        for name, single, double, bound in found
    ]
    table = pages.table(["function", "float32", "float64", "bound"], rows)
    pages.replace(pages.DOCS / "numerics.md", "ulp table", table)
    print(table)


if __name__ == "__main__":
    main()
