"""Fits the coefficients in src/maths.rs and measures each function as the library evaluates it, in 32-bit floats.

Run `python3 maths.py` in this folder; it needs only numpy and takes seconds.
"""

import numpy as np
from minimax import F, chebyshev_grid, horner, rational, rounded, show

rng = np.random.default_rng(1)


def powers(y, n):
    return np.stack([y**i for i in range(n)], axis=1)


def sin_cycles():
    # sin(2 pi x) = x * (1/4 - x^2) * P(x^2): the zeros at 0 and +-1/2 are exact. Absolute error on |x| <= 1/2.
    x = chebyshev_grid(1e-6, 0.5 - 1e-6)
    front = x * (0.25 - x * x)
    c, error = rounded(powers(x * x, 5) * front[:, None], np.sin(2 * np.pi * x), np.ones_like(x))
    x = rng.uniform(-0.5, 0.5, 2_000_000).astype(F)
    y = x * x
    got = horner(c, y) * ((F(0.25) - y) * x)
    off = got - np.sin(2 * np.pi * x.astype(float))
    show("sin_cycles", c, error, f"max abs {np.max(np.abs(off)):.2e}, peak {np.max(np.abs(got))!r}")


def sin_half():
    # sin(pi u) = u * P(u^2), relative error on 0 <= u <= 1/2.
    u = chebyshev_grid(1e-4, 0.5)
    s = np.sin(np.pi * u)
    c, error = rounded(powers(u * u, 5) * u[:, None], s, 1 / s)
    u = rng.uniform(0, 0.5, 2_000_000).astype(F)
    got = horner(c, u * u) * u
    rel = got / np.sin(np.pi * u.astype(float)) - 1
    show("sin_half", c, error, f"max rel {np.max(np.abs(rel)):.2e}")


def exp2():
    # 2^f = 1 + f * P(f), relative error on |f| <= 1/2.
    f = chebyshev_grid(-0.5, 0.5)
    c, error = rounded(powers(f, 6) * f[:, None], 2**f - 1, 2**-f)
    f = rng.uniform(-0.5, 0.5, 2_000_000).astype(F)
    got = F(1) + horner(c, f) * f
    rel = got / 2 ** f.astype(float) - 1
    show("exp2", c, error, f"max rel {np.max(np.abs(rel)):.2e}")


def log2():
    # log2(m) = s * P(s^2), s = (m - 1) / (m + 1), relative error on m in sqrt(1/2)..sqrt(2).
    s = chebyshev_grid(1e-4, (np.sqrt(2) - 1) / (np.sqrt(2) + 1))
    t = 2 * np.arctanh(s) / np.log(2)
    c, error = rounded(powers(s * s, 4) * s[:, None], t, 1 / t)
    m = rng.uniform(np.sqrt(0.5), np.sqrt(2), 2_000_000).astype(F)
    m = m[m != 1]
    s = (m - F(1)) / (m + F(1))
    true = np.log2(m.astype(float))
    off = np.abs(horner(c, s * s) * s - true)
    show("log2", c, error, f"max abs {np.max(off):.2e}, rel {np.max(off / np.abs(true)):.2e}")


def tanh():
    # x * P4(x^2) / Q4(x^2), relative error on 0..8; tanh 8 = 1 - 2.3e-7, so holding x there costs no more than that.
    # Of the shapes 7/6 to 13/6, 7/8 to 11/8 and 9/10 this is the cheapest below 4e-7, where rounding outweighs the fit,
    # and with this bound it never exceeds 1.
    x = chebyshev_grid(1e-3, 8.0, 4001)
    p, q, error = rational(x * x, x, np.tanh(x), 1 / np.tanh(x), 4, 4)
    p, q = p.astype(F), q.astype(F)
    x = np.concatenate([rng.uniform(1e-9, 8, 2_000_000), np.linspace(6, 8, 2_000_000)]).astype(F)
    y = x * x
    got = x * horner(p, y) / horner(q, y)
    true = np.tanh(x.astype(float))
    off = np.abs(got - true)
    show("tanh P", p, error, f"max abs {np.max(off):.2e}, rel {np.max(off / true):.2e}, peak {np.max(got)!r}")
    show("tanh Q", q, error, "as above")


def tanh_fast():
    # x * (945 + 105x^2 + x^4) / (945 + 420x^2 + 15x^4) grows past 1 near 3.6467; it is held where it is not yet above 1.
    x = np.arange(F(3.6).view(np.uint32), F(3.7).view(np.uint32), dtype=np.uint32).view(F)
    got = x * (horner([945, 105, 1], x * x) / horner([945, 420, 15], x * x))
    end = np.argmax(got > 1) - 1
    print(f"tanh_fast: held at {x[end]!r}, where it is {got[end]!r}")


for f in (sin_cycles, sin_half, exp2, log2, tanh, tanh_fast):
    f()
