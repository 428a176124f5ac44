"""Serve a saved model for tables with FastAPI (pip install fastapi uvicorn pandas).

    python examples/serve.py train model.pybp          a model to try it with
    MODEL=model.pybp uvicorn --app-dir examples serve:app
    python examples/serve.py measure model.pybp        latency over HTTP, on this machine

POST /predict takes {"rows": [{"area": 61.5, "district": "Docks"}, ...]}; a missing column is a missing value. A process
needs no lock: any number of threads may predict with one model.
"""

import http.client
import json
import os
import statistics
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

import pybp
from pybp.tabular import TabularPredictor

Value = float | int | bool | str | None


class Rows(BaseModel):
    """A table, row by row."""

    rows: list[dict[str, Value]]


def make_app(model: TabularPredictor) -> FastAPI:
    """The server of a model."""
    app = FastAPI(title="pybp")
    names = [encoding.name for encoding in model.preprocessing.encodings]
    classes = model.targets.classes.tolist() if model.task == "classification" else None

    @app.get("/")
    def describe() -> dict[str, object]:
        return {"task": model.task, "columns": names, "classes": classes}

    @app.post("/predict")
    def predict(given: Rows) -> dict[str, object]:
        unknown = {name for row in given.rows for name in row} - set(names)
        if unknown or not given.rows:
            raise HTTPException(
                422, f"unknown columns: {sorted(unknown)}" if unknown else "no rows"
            )
        table = pandas.DataFrame.from_records(given.rows, columns=names)
        try:
            if classes is None:
                return {"predictions": model.predict(table, threads=1).tolist()}
            probabilities = model.predict_proba(table, threads=1)
        except (ValueError, TypeError) as error:  # such as text where numbers were
            raise HTTPException(422, str(error)) from error
        best = model.targets.classes[probabilities.argmax(axis=1)]
        return {"predictions": best.tolist(), "probabilities": probabilities.tolist()}

    return app


def predictor(path: str) -> TabularPredictor:
    """The predictor in a file, also if an estimator was saved."""
    return TabularPredictor.load(path)


if "MODEL" in os.environ:
    app = make_app(predictor(os.environ["MODEL"]))


# ---- to try it -------------------------------------------------------------------------------


def train(path: str) -> None:
    """A model of 10 numbers and 4 categories: 10 nets of 3 hidden layers of 256."""
    random = np.random.default_rng(0)
    n = 2000
    table = pandas.DataFrame({f"x{i}": random.normal(size=n) for i in range(10)})
    for i in range(4):
        table[f"c{i}"] = random.choice(["red", "green", "blue", "white"], n)
    y = np.where(table.x0 + (table.c0 == "red") > random.normal(size=n), "yes", "no")
    recipe = pybp.tabular.CLASSIFICATION
    model = TabularPredictor("classification", recipe).fit(table, y, seed=0)
    model.save(path)
    print(f"{path}: {len(model.nets)} nets, {Path(path).stat().st_size} bytes")


def measure(path: str, times: int = 500) -> None:
    """Latency of one row, alone and over HTTP with one connection that stays open."""
    begin = time.perf_counter()
    model = predictor(path)
    print(f"loaded in {1e3 * (time.perf_counter() - begin):.1f} ms")
    row = {
        encoding.name: "red" if encoding.kind == "categories" else 0.5
        for encoding in model.preprocessing.encodings
    }
    server = uvicorn.Server(uvicorn.Config(make_app(model), port=8765, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    table = pandas.DataFrame.from_records([row])
    body = json.dumps({"rows": [row]})
    connection = http.client.HTTPConnection("127.0.0.1", 8765)

    def over_http() -> None:
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        assert "predictions" in json.load(connection.getresponse())

    calls = {
        "preprocessing and nets": lambda: model.predict_proba(table, threads=1),
        "over HTTP": over_http,
    }
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(times):  # interleaved
        for name, call in calls.items():
            begin = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - begin)
    server.should_exit = True
    thread.join()
    for name, values in seconds.items():
        median, late = statistics.median(values), sorted(values)[int(0.99 * times)]
        print(f"{name}: median {1e3 * median:.2f} ms, 99 of 100 within {1e3 * late:.2f} ms")


if __name__ == "__main__":
    {"train": train, "measure": measure}[sys.argv[1]](sys.argv[2])
