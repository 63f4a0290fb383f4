import inspect

import time

import pytest
from conftest import CutOff, Reply

import polybius


def test_settings_have_livys_names(server):
    polybius.connect(
        server.url,
        kind="pyspark",
        name="etl",
        conf={"spark.x": 1, "spark.y": True, "spark.z": "text"},
        profile="large",
        spark="spark4",
        jars=["hdfs:/a.jar"],
        py_files=["hdfs:/a.py"],
        files=["hdfs:/a"],
        archives=["hdfs:/a.zip"],
        driver_memory="2g",
        driver_cores=2,
        executor_memory="4g",
        executor_cores=3,
        num_executors=5,
        queue="q",
        proxy_user="alice",
        heartbeat_timeout=60,
        ttl="8h",
        idle_timeout="30m",
    ).close()
    assert server.requests("POST", "/sessions")[0].json() == {
        "kind": "pyspark",
        "name": "etl",
        "conf": {
            "spark.x": "1",
            "spark.y": "true",
            "spark.z": "text",
            "polybius.profile": "large",
            "polybius.spark": "spark4",
        },
        "jars": ["hdfs:/a.jar"],
        "pyFiles": ["hdfs:/a.py"],
        "files": ["hdfs:/a"],
        "archives": ["hdfs:/a.zip"],
        "driverMemory": "2g",
        "driverCores": 2,
        "executorMemory": "4g",
        "executorCores": 3,
        "numExecutors": 5,
        "queue": "q",
        "proxyUser": "alice",
        "heartbeatTimeoutInSecond": 60,
        "ttl": "8h",
        "idleTimeout": "30m",
    }


def test_what_is_not_given_is_not_sent(server):
    polybius.connect(server.url, kind=None).close()
    assert server.requests("POST", "/sessions")[0].json() == {}


def test_an_option_that_there_is_not_is_refused_with_the_nearest(server):
    with pytest.raises(TypeError, match="driverMemory; did you mean driver_memory"):
        polybius.connect(server.url, driverMemory="2g")
    with pytest.raises(TypeError, match="jars is a list"):
        polybius.connect(server.url, jars="hdfs:/a.jar")
    assert server.asked == []


def test_a_session_that_is_joined_takes_no_settings(server):
    with pytest.raises(TypeError, match="kind, name: a session that is joined"):
        polybius.connect(server.url, 0, kind="pyspark", name="x")
    assert server.asked == []


def test_the_help_names_the_options():
    names = inspect.signature(polybius.connect).parameters
    assert {"url", "session", "keep", "kind", "driver_memory", "token", "verify"} <= set(names)
    assert list(names) == list(inspect.signature(polybius.connect_async).parameters)


def test_who_has_opened_a_session_ends_it_unless_told_to_keep_it(server):
    with polybius.connect(server.url):
        pass
    assert len(server.requests("DELETE", "/sessions/0")) == 1
    with polybius.connect(server.url, keep=True):
        pass
    with polybius.connect(server.url, "etl"):
        pass
    assert len(server.requests("DELETE", "/sessions/0")) == 1
    with polybius.connect(server.url, "etl") as session:
        session.end()
        session.close()
    assert len(server.requests("DELETE", "/sessions/0")) == 2


@pytest.mark.parametrize("end", [{"msg": "deleted"}, Reply({"msg": "Session '0' not found."}, 404)])
def test_a_session_is_ended_over_failures_that_pass(server, end):
    server.on("DELETE", "/sessions/0", CutOff(), Reply(b"", 503), end)
    polybius.connect(server.url).close()
    assert len(server.requests("DELETE", "/sessions/0")) == 3


def test_a_session_that_cannot_be_ended_says_so(server):
    server.on("DELETE", "/sessions/0", Reply(b"", 503))
    session = polybius.connect(server.url, retry_for=0.3)
    begun = time.monotonic()
    with pytest.raises(polybius.RequestError, match="HTTP 503"):
        session.close()
    assert time.monotonic() - begun < 5
