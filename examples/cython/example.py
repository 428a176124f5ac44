"""Train with pybp, predict from Cython, on several threads at once."""

import gc
import threading
import time

import numpy as np
from scoring import Scorer

import pybp
from pybp.datasets import load_digits

X, y = load_digits()
X = np.ascontiguousarray(X, dtype=np.float32)
net = pybp.MLP([64, 32, 10], output="softmax", seed=0)
net.fit(X, y, epochs=3, progress=False)
expected = net.predict(X)

scorer = Scorer(net)
outs = [np.empty_like(expected) for _ in range(3)]
threads = [threading.Thread(target=scorer.score, args=(X, out, 20)) for out in outs]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert all((out == expected).all() for out in outs)
assert list(scorer.largest(X)) == list(expected.argmax(axis=1))

# The handle keeps its net.
del net
gc.collect()
scorer.score(X, outs[0])
assert (outs[0] == expected).all()

# While a call changes the net, predictions are refused.
net = pybp.MLP([64, 512, 512, 10], output="softmax", seed=0)
scorer = Scorer(net)
fit = threading.Thread(target=net.fit, args=(X, y), kwargs={"epochs": 5, "progress": False})
fit.start()
busy = 0
while fit.is_alive():
    try:
        scorer.score(X[:1], np.empty((1, 10), np.float32))
    except pybp.errors.BusyError:
        busy += 1
    time.sleep(0.001)
fit.join()
print(f"refused {busy} times while the net was trained")
assert busy > 0

for wrong in (X[:, :63].copy(), X.astype(np.float64)):
    try:
        scorer.score(wrong, outs[0])
    except ValueError as error:
        print(error)
    else:
        raise AssertionError("a wrong array was accepted")

one = X[:1].copy()
out = np.empty((1, 10), np.float32)
begin = time.perf_counter()
scorer.score(one, out, 100_000)
print(f"{(time.perf_counter() - begin) * 10:.2f} us for one row of a 64-512-512-10 net")
