"""In one process with torch, scikit-learn and LightGBM, imported in any order, each training.

They bring OpenMP runtimes, thread pools and flush modes of their own. Four orders by default, in which
each library comes at each place; PYBP_ALL_ORDERS=1 takes all 24.
"""

import importlib.util
import itertools
import os

import pytest

from processes import SETUP, run

PEERS = ["torch", "sklearn", "lightgbm"]
NAMES = ["pybp", *PEERS]
ORDERS = (
    list(itertools.permutations(NAMES))
    if os.environ.get("PYBP_ALL_ORDERS")
    else [(*NAMES[place:], *NAMES[:place]) for place in range(len(NAMES))]
)

USES = """
import importlib, warnings
warnings.simplefilter("ignore")
def use_pybp():
    net = make()
    net.fit(X, y, epochs=2, batch_size=300, threads=2)
    print(digest(net))
def use_torch():
    import torch
    torch.manual_seed(0)
    torch.set_flush_denormal(True)
    net = torch.nn.Sequential(torch.nn.Linear(20, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    optimizer = torch.optim.Adam(net.parameters())
    inputs, targets = torch.from_numpy(X), torch.from_numpy(y.astype("i8"))
    for _ in range(5):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(inputs), targets).backward()
        optimizer.step()
def use_sklearn():
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.neural_network import MLPClassifier
    HistGradientBoostingClassifier(max_iter=2).fit(X, y)
    MLPClassifier((8,), max_iter=2).fit(X, y)
def use_lightgbm():
    import lightgbm
    data = lightgbm.Dataset(X, y)
    lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 2}, data, 2)
"""
# pybp is imported where the order says, not before.
LATE_SETUP = SETUP.replace("import pybp\nfrom pybp import MLP\n", "").replace(
    "return MLP(", "import pybp\n    return pybp.MLP("
)


@pytest.fixture(scope="module")
def peers():
    missing = [name for name in PEERS if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; pip install '.[peers]'")


@pytest.fixture(scope="module")
def alone(peers):
    return run("use_pybp()", LATE_SETUP + USES)


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_beside_other_libraries(order, alone):
    out = run(
        f"""
    assert "pybp" not in sys.modules
    for name in {order}:
        importlib.import_module(name)
    for name in {order}:
        globals()["use_" + name]()
    use_pybp()
    """,
        LATE_SETUP + USES,
    )
    assert out.split() == [alone] * 2
