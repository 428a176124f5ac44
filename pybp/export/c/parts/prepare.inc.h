/* Preprocessing: docs/preprocessing.md, "Scaling" and "Times". All of it is in double. */

/* A product that no compiler merges with a sum; with clang the pragma does that. */
static inline double REAL(product)(double a, double b)
{
#ifndef __clang__
#ifdef __FP_FAST_FMA
    return fma(a, b, -0.0);
#endif
#endif
    return a * b;
}

static inline double REAL(scaled)(double x, double median, double spread)
{
    double z = (x - median) / spread;
    z = z < -1e9 ? -1e9 : z;
    z = z > 1e9 ? 1e9 : z;
    z = z / sqrt(REAL(product)(z / 3, z / 3) + 1);
    return z != z ? 0.0 : z;
}

/* The code of a text, or -1 if it has none. */
static int REAL(text_code)(const char *value, const char *const *categories, int n)
{
    for (int code = 0; code < n; code++)
        if (strcmp(value, categories[code]) == 0)
            return code;
    return -1;
}

static int REAL(number_code)(double value, const double *categories, int n)
{
    for (int code = 0; code < n; code++)
        if (value == categories[code])
            return code;
    return -1;
}

/* The largest integer <= a / b, b > 0. */
static inline int64_t REAL(floored)(int64_t a, int64_t b) { return a / b - (a % b < 0); }

/* Days from 1970-01-01 to the first day of a month, counted from January of year 0, in the proleptic Gregorian calendar. */
static int64_t REAL(days_before)(int64_t month)
{
    static const int before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const int64_t year = REAL(floored)(month, 12), last = year - 1;
    const int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int64_t of_year = month - 12 * year;
    return 365 * year + REAL(floored)(last, 4) - REAL(floored)(last, 100) + REAL(floored)(last, 400) + 1 +
           before[of_year] + (of_year > 1 && leap) - 719528;
}

/* The month of a day, counted likewise. */
static int64_t REAL(month_of)(int64_t day)
{
    int64_t month = REAL(floored)(day, 31) + 1970 * 12; /* not after it, for days from 1970 on */
    if (day < 0)
        month -= 1;
    while (REAL(days_before)(month) > day)
        month -= REAL(floored)(REAL(days_before)(month) - day, 31) + 1;
    while (REAL(days_before)(month + 1) <= day)
        month += REAL(floored)(day - REAL(days_before)(month + 1), 31) + 1;
    return month;
}

/* Part 0: year, 1: month, 2: day_of_year, 3: weekday, 4: hour, 5: days. INT64_MIN is a missing time. */
static double REAL(time_part)(int64_t t, int part, int64_t first)
{
    const int64_t in_day = INT64_C(86400000000), day = REAL(floored)(t, in_day);
    if (t == INT64_MIN)
        return (double)NAN;
    switch (part) {
    case 0: return (double)REAL(floored)(REAL(month_of)(day), 12);
    case 1: {
        const int64_t month = REAL(month_of)(day);
        return (double)(month - 12 * REAL(floored)(month, 12) + 1);
    }
    case 2: return (double)(day - REAL(days_before)(12 * REAL(floored)(REAL(month_of)(day), 12)) + 1);
    case 3: return (double)(day + 3 - 7 * REAL(floored)(day + 3, 7));
    case 4: return (double)(t - day * in_day) / 3.6e9;
    default: return (double)(int64_t)((uint64_t)t - (uint64_t)first) / 86400000000.0;
    }
}

/* The sum, in the order of NumPy's sum of up to 128 numbers. */
static double REAL(total)(size_t n, const double *y)
{
    double sum = 0.0;
    size_t j = 0;
    if (n >= 8) {
        double s[8];
        for (; j < 8; j++)
            s[j] = y[j];
        for (; j + 8 <= n; j += 8)
            for (size_t k = 0; k < 8; k++)
                s[k] = s[k] + y[j + k];
        sum = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    }
    for (; j < n; j++)
        sum = sum + y[j];
    return sum;
}

static void REAL(sort)(size_t n, double *y)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && y[j] < y[j - 1]; j--) {
            const double larger = y[j - 1];
            y[j - 1] = y[j];
            y[j] = larger;
        }
}
