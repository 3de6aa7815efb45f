"""Minimax fits whose coefficients are 32-bit floats.

`remez` finds the best fit by a linear combination of given functions under a given weight (E. Remez, 1934: exchange of
reference points until the error has the same size at all of them). `rounded` then rounds one coefficient at a time to
a 32-bit float and fits the others again, so that each takes up the rounding of the one before. `rational` fits a
quotient by the linear problem P - f*Q = 0 weighted with the last Q (H. Loeb, 1957) and with C. Lawson's weights (1961).
"""

import numpy as np

F = np.float32


def remez(columns, target, weight, rounds=60):
    """Coefficients c of the smallest max |weight * (columns @ c - target)|, and that maximum."""
    n, k = columns.shape
    if k == 0:
        return np.zeros(0), np.max(np.abs(weight * target))
    at = np.unique(np.round((n - 1) * (1 - np.cos(np.pi * np.arange(k + 1) / k)) / 2).astype(int))
    best, best_error = None, np.inf
    for _ in range(rounds):
        signs = (-1.0) ** np.arange(k + 1)
        system = np.hstack([columns[at], (signs / weight[at])[:, None]])
        c = np.linalg.solve(system, target[at])[:k]
        error = weight * (columns @ c - target)
        if np.max(np.abs(error)) < best_error:
            best, best_error = c, np.max(np.abs(error))
        # One extremum from each run of one sign.
        runs = np.split(np.arange(n), np.flatnonzero(np.diff(np.sign(error))) + 1)
        peaks = [r[np.argmax(np.abs(error[r]))] for r in runs]
        while len(peaks) > k + 1:
            if len(peaks) - (k + 1) >= 2:
                # Dropping a neighbouring pair keeps the signs alternating.
                sizes = np.abs(error[peaks])
                i = int(np.argmin(np.maximum(sizes[:-1], sizes[1:])))
                del peaks[i : i + 2]
            else:
                del peaks[0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1]
        if len(peaks) < k + 1 or np.array_equal(peaks, at):
            break
        at = np.array(peaks)
    return best, best_error


def rounded(columns, target, weight):
    """As `remez`, with every coefficient a 32-bit float; the first column is rounded first."""
    rest, done = target.astype(float).copy(), []
    for i in range(columns.shape[1]):
        c, _ = remez(columns[:, i:], rest, weight)
        done.append(F(c[0]))
        rest -= float(done[-1]) * columns[:, i]
    return done, np.max(np.abs(weight * rest))


def rational(y, factor, target, weight, p_degree, q_degree, rounds=400):
    """P, Q (lowest power first, Q[0] = P[0] = 1) for target = factor * P(y) / Q(y)."""
    scale = np.max(y)
    t = y / scale
    p_columns = [factor * t**i for i in range(1, p_degree + 1)]
    q_columns = [-target * t**i for i in range(1, q_degree + 1)]
    columns = np.stack(p_columns + q_columns, axis=1)
    right = target - factor
    q, lawson = np.ones_like(y), np.full(len(y), 1.0 / len(y))
    best, best_error = None, np.inf
    for _ in range(rounds):
        w = weight * np.sqrt(lawson) / q
        norm = np.linalg.norm(columns * w[:, None], axis=0)
        c = np.linalg.lstsq(columns * w[:, None] / norm, right * w, rcond=1e-15)[0] / norm
        p = np.concatenate([[1.0], c[:p_degree]])
        qc = np.concatenate([[1.0], c[p_degree:]])
        q = np.polynomial.polynomial.polyval(t, qc)
        error = np.abs(weight * (factor * np.polynomial.polynomial.polyval(t, p) / q - target))
        if np.max(error) < best_error:
            best, best_error = (p, qc), np.max(error)
        lawson = lawson * (error / np.max(error) + 1e-3)
        lawson /= np.sum(lawson)
    p, qc = best
    return p / scale ** np.arange(p_degree + 1), qc / scale ** np.arange(q_degree + 1), best_error


def chebyshev_grid(a, b, n=20001):
    """Points of a..b, denser at the ends."""
    return a + (b - a) * (1 - np.cos(np.pi * np.arange(n) / (n - 1))) / 2


def horner(coefficients, x):
    """In 32-bit floats, as the library does it, lowest power first."""
    sum_ = np.full_like(x, F(coefficients[-1]))
    for c in coefficients[-2::-1]:
        sum_ = F(c) + sum_ * x
    return sum_


def show(name, coefficients, fit_error, measured):
    print(f"{name}: fit {fit_error:.2e}, {measured}")
    print("    [" + ", ".join(repr(float(str(F(c)))) for c in coefficients) + "]")
