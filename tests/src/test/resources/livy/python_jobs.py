"""Gives jobs to a session as Livy's client for Python does, which no registry has: with requests and a cloudpickle.

Arguments are the address of a session, and a folder for files. Prints a line for each thing that it has seen.
"""

import base64
import os
import sys
import time

import cloudpickle
import requests

SESSION, FOLDER = sys.argv[1:]
MAJOR = cloudpickle.__version__.partition(".")[0]
# Livy's gives up after so many seconds.
TIMEOUT = 10


class Client:
    def __init__(self):
        self.http = requests.Session()
        self.http.headers["X-Requested-By"] = "livy"

    def post(self, path, body):
        answer = self.http.post(SESSION + path, json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def get(self, path):
        answer = self.http.get(SESSION + path, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def submit(self, job):
        body = {"job": base64.b64encode(cloudpickle.dumps(job)).decode("utf-8"), "jobType": "pyspark"}
        return self.post("/submit-job", body)["id"]

    def status(self, job):
        status = self.get("/jobs/%d" % job)
        if status["state"] not in ("STARTED", "QUEUED", "CANCELLED", "SUCCEEDED", "FAILED"):
            raise RuntimeError("Future in unexpected state:: " + status["state"])
        return status

    def end(self, job):
        interval = 0.1
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(interval)
            interval = min(interval * 1.3, 1)
            status = self.status(job)
            if status["state"] not in ("STARTED", "QUEUED"):
                return status
        raise TimeoutError("job %d has not ended" % job)

    def result(self, job):
        status = self.end(self.submit(job))
        if status["state"] != "SUCCEEDED":
            raise Exception(status["error"])
        return cloudpickle.loads(base64.b64decode(base64.b64decode(status["result"])))

    def cancel(self, job):
        answer = self.http.post(SESSION + "/jobs/%d/cancel" % job, timeout=TIMEOUT)
        answer.raise_for_status()
        return self.end(job)["state"]

    def statement(self, code):
        return self.post("/statements", {"code": code, "kind": "pyspark"})["id"]

    def output(self, statement):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            shown = self.get("/statements/%d" % statement)
            if shown["state"] in ("available", "error", "cancelled"):
                return shown["output"]["data"]["text/plain"]
            time.sleep(0.1)
        raise TimeoutError("the statement has not ended")

    def upload(self, path):
        with open(path, "rb") as file:
            answer = self.http.post(SESSION + "/upload-pyfile", files={"file": file}, timeout=TIMEOUT)
        answer.raise_for_status()


class Point:
    def __init__(self, x):
        self.x = x

    def twice(self):
        return 2 * self.x


def failing(context):
    raise ValueError("boom of a job")


def importing(context):
    import uploaded_by_client

    return uploaded_by_client.answer()


def looping(context):
    context.set_shared_object("loops " + MAJOR, True)
    while True:
        pass


def waiting_for_the_loop(context):
    for _ in range(3000):
        if context.get_shared_object("loops " + MAJOR):
            return
        time.sleep(0.01)
    raise TimeoutError("nothing loops")


def sleeping_in_spark(context):
    return context.sc.parallelize(range(2), 2).map(lambda n: time.sleep(600)).count()


def error_of(client, job):
    try:
        client.result(job)
    except Exception as e:
        return str(e)
    return "no error"


def main():
    client = Client()
    print("sum", client.result(lambda context: context.sc.parallelize(range(10), 2).sum()))
    print("none", client.result(lambda context: None))
    frame = client.result(lambda context: context.spark_session.range(4).toPandas())
    print("pandas", type(frame).__module__.partition(".")[0], frame["id"].sum())
    print("class", client.result(lambda context: Point(21)).twice())
    print("function", client.result(lambda context: lambda n: n + 1)(41))

    error = error_of(client, failing)
    print("failed", error.startswith("Client job error:"), error.strip().splitlines()[-1])

    name = "list of " + MAJOR
    client.result(lambda context: context.set_shared_object(name, [1]))
    client.result(lambda context: context.get_shared_object(name).append(2))
    client.output(client.statement("kernel.shared(%r).append(3)" % name))
    print("shared", client.result(lambda context: context.get_shared_object(name)))

    waits = "while kernel.shared(%r)[-1] != 4: time.sleep(0.01)" % name
    statement = client.statement("import time\n" + waits + "\n'waited'")
    client.result(lambda context: context.get_shared_object(name).append(4))
    print("beside", client.output(statement))

    loop = client.submit(looping)
    client.result(waiting_for_the_loop)
    print("loop", client.cancel(loop))
    spark = client.submit(sleeping_in_spark)
    time.sleep(0.5)
    print("spark", client.cancel(spark))

    if MAJOR == "2":
        print(error_of(client, importing).strip().splitlines()[-1])
        module = os.path.join(FOLDER, "uploaded_by_client.py")
        with open(module, "w") as file:
            file.write("def answer():\n    return 42\n")
        client.upload(module)
    print("uploaded", client.result(importing))
    print("done")


main()
