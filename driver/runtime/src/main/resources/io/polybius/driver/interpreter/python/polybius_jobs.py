"""Jobs: functions that clients send, and which run beside the statements.

One thread takes the driver's orders. Each job has a thread of its own, from its beginning to its end; PySpark gives that one
a thread in the driver, which is the job's from then on, with its share of Spark. What the user's code may do to its thread (an
interrupt in the midst of a call, a connection in disorder) ends with it.
"""

import base64
import os
import sys
import threading
import time
import traceback

from polybius_shells import OWN_FOLDER
from polybius_streams import print_elsewhere

FAILED = "Client job error:"


class Jobs:
    """All jobs of the session that run."""

    def __init__(self, gateway, spark, sql_context, kernel, objects):
        self.gateway = gateway
        self.gate = gateway.entry_point.jobs()
        self.process = os.getpid()
        self.running = {}
        self.spark = spark
        self.sql_context = sql_context
        self.kernel = kernel
        self.objects = objects
        self.streaming = Streaming(spark.sparkContext)

    def serve(self):
        """Obeys the driver until there is nothing more."""
        order = self.gate.take()
        while order is not None:
            what, number = order.split()
            if what == "run":
                self.start(int(number))
            else:
                self.interrupt(int(number))
            order = self.gate.take()

    def start(self, number):
        try:
            job = Job(self, number)
            self.running[number] = job
            job.start()
        except (RuntimeError, MemoryError) as e:
            # All later jobs depend on this thread.
            self.running.pop(number, None)
            self.fail(number, f"the session's Python has no thread for the job: {described(e)}")

    def fail(self, number, reason):
        """Says that a job has failed, on a connection in which no call is halfway."""
        self.disconnect()
        self.gate.failed(number, f"{FAILED} {reason}")

    def interrupt(self, number):
        job = self.running.get(number)
        if job is not None:
            try:
                job.interrupt()
            except MemoryError:
                # The driver asks again in a moment.
                pass

    def disconnect(self):
        """Ends the calling thread's connection with the driver, and its thread there."""
        client = self.gateway._gateway_client
        connection = client.get_thread_connection()
        if connection is not None:
            try:
                client.deque.remove(connection)
            except ValueError:
                # It is in use, in the midst of a call that was interrupted.
                pass
            connection.close()


class Job(threading.Thread):
    """One job, and its thread."""

    # Between two interrupts, so that the job can clean up.
    INTERVAL = 0.5
    # For a call to the driver, whose Spark job is cancelled too.
    PATIENCE = 5.0

    def __init__(self, jobs, number):
        super().__init__(name=f"job-{number}", daemon=True)
        self.jobs = jobs
        self.gate = jobs.gate
        self.number = number
        self.payload = None
        self.printed = ""
        self.first_interrupt = None
        self.last_interrupt = None
        # So that no interrupt comes once the user's code has ended: whoever interrupts says so before looking whether that
        # is allowed, and the job forbids it before looking whether somebody does.
        self.interruptible = False
        self.interrupting = False

    def run(self):
        try:
            try:
                succeeded, text = self.outcome()
            except BaseException as e:  # noqa: B902 - an interrupt, or what goes wrong while an error is shown
                succeeded, text = False, f"{FAILED} {type(e).__name__}"
            if os.getpid() != self.jobs.process:
                # The user's code has forked, and this is the child, which the driver does not know.
                os._exit(0)
            untold = self.tell(succeeded, text)
            del text
            if untold is not None:
                # The driver waits for an end, whatever that is.
                self.jobs.fail(self.number, f"the end of the job could not be told: {untold}")
        finally:
            self.jobs.running.pop(self.number, None)
            self.jobs.disconnect()

    def tell(self, succeeded, text):
        """Tells the driver what has become of it; returns what was in the way of that, if anything."""
        try:
            if self.first_interrupt is not None:
                self.jobs.disconnect()
            self.flush()
            if succeeded:
                self.gate.succeeded(self.number, text)
            else:
                self.gate.failed(self.number, text)
            return None
        except BaseException as e:  # noqa: B902 - there may be no memory to send it, or no connection
            return described(e)

    def outcome(self):
        """Runs it; returns whether it has succeeded, and the result or what went wrong."""
        try:
            encoded = self.gate.begin(self.number)
            if encoded is None:
                return False, f"{FAILED} it was cancelled before it began"
            self.payload = base64.b64decode(encoded)
            del encoded
            limit = self.gate.maxResult()
            print_elsewhere(self.take_text)
            try:
                self.interruptible = True
                return True, self.result(limit)
            finally:
                self.shield()
        except BaseException as e:  # noqa: B902 - also SystemExit and KeyboardInterrupt are the job's
            return False, shown(e)

    def result(self, limit):
        import polybius_pickles

        # Large ones must not stay as long as the job runs.
        payload, self.payload = self.payload, None
        protocol = polybius_pickles.protocol_of(payload)
        function = polybius_pickles.read(payload)
        del payload
        value = function(JobContext(self))
        del function
        return polybius_pickles.write(value, protocol, limit)

    # ---- interrupts

    def interrupt(self):
        """Lets a KeyboardInterrupt be raised in the job, if its code runs; by one thread, again and again."""
        self.interrupting = True
        try:
            if self.interruptible and self.is_due():
                raise_in(self.ident, KeyboardInterrupt)
        finally:
            self.interrupting = False

    def is_due(self):
        now = time.monotonic()
        self.first_interrupt = self.first_interrupt or now
        if self.last_interrupt is not None and now - self.last_interrupt < self.INTERVAL:
            return False
        if now - self.first_interrupt < self.PATIENCE and in_call(sys._current_frames().get(self.ident)):
            return False
        self.last_interrupt = now
        return True

    def unharmed(self, function, *arguments):
        """Calls a function that no interrupt must leave halfway, as it holds a lock or waits for the driver."""
        if threading.current_thread() is not self or not self.interruptible:
            return function(*arguments)
        try:
            self.interruptible = False
            while self.interrupting:
                time.sleep(0.001)
            # What has been asked for is raised here.
            time.sleep(0)
            return function(*arguments)
        finally:
            self.interruptible = True

    def shield(self):
        """From here on there is no interrupt, also none that has been asked for."""
        while True:
            try:
                self.interruptible = False
                while self.interrupting:
                    time.sleep(0.001)
                if self.first_interrupt is not None:
                    raise_in(self.ident, None)
                return
            except KeyboardInterrupt:
                continue

    # ---- prints

    def take_text(self, text):
        self.printed += text
        end = self.printed.rfind("\n") + 1
        if end > 0 or len(self.printed) > 8192:
            end = end or len(self.printed)
            whole, self.printed = self.printed[:end], self.printed[end:]
            self.gate.print(whole)

    def flush(self):
        if self.printed:
            self.gate.print(self.printed + "\n")


def raise_in(thread, exception):
    """Lets an exception be raised in a thread when it comes to that; None takes back what has not been raised yet."""
    import ctypes

    wanted = None if exception is None else ctypes.py_object(exception)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), wanted)


def in_call(frame):
    """Returns whether a thread waits for the driver; an answer that is half read would be lost."""
    while frame is not None:
        if frame.f_code.co_name == "send_command" and "py4j" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def described(error):
    return f"{type(error).__name__}: {error}"


def shown(error):
    """Returns what the client is told of an error: what Python prints, from the frames of the job on."""
    from polybius_pickles import PickleError

    if isinstance(error, PickleError):
        return f"{FAILED} {error}"
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(OWN_FOLDER):
        trace = trace.tb_next
    return FAILED + "\n" + "".join(traceback.format_exception(type(error), error, trace))


class Streaming:
    """The streaming context of the session, which all jobs see."""

    def __init__(self, session_context):
        self.session_context = session_context
        self.lock = threading.Lock()
        self.context = None

    def create(self, seconds):
        from pyspark.streaming import StreamingContext

        with self.lock:
            if self.context is not None:
                raise ValueError("Streaming context already exists")
            self.context = StreamingContext(self.session_context, seconds)

    def get(self):
        with self.lock:
            if self.context is None:
                raise ValueError("create_streaming_ctx function should be called first")
            return self.context

    def stop(self, must_exist):
        with self.lock:
            if self.context is not None:
                # Statements and other jobs go on with Spark.
                self.context.stop(stopSparkContext=False)
                self.context = None
            elif must_exist:
                raise ValueError("Cannot stop streaming context. Streaming context is None")


class JobContext:
    """What a job gets: the session's Spark, and what its jobs and statements share."""

    def __init__(self, job):
        self._job = job
        self._jobs = job.jobs

    @property
    def sc(self):
        """The context of Spark."""
        return self._jobs.spark.sparkContext

    @property
    def spark_session(self):
        """The session of Spark."""
        return self._jobs.spark

    @property
    def spark(self):
        """The session of Spark, by the name that statements have for it."""
        return self._jobs.spark

    @property
    def sql_ctx(self):
        """The SQL context of Spark."""
        return self._jobs.sql_context

    @property
    def hive_ctx(self):
        """What sql_ctx is, if the session has Hive; else None."""
        hive = self.sc.getConf().get("spark.sql.catalogImplementation", "in-memory") == "hive"
        return self.sql_ctx if hive else None

    @property
    def kernel(self):
        """What statements share values by: kernel.share(name, value) makes a copy for all languages."""
        return self._jobs.kernel

    @property
    def local_tmp_dir_path(self):
        """A directory for the files of jobs, which ends with the session."""
        return self._jobs.gate.directory(self._job.number)

    def get_local_tmp_dir_path(self):
        """Returns local_tmp_dir_path."""
        return self.local_tmp_dir_path

    @property
    def streaming_ctx(self):
        """The streaming context that a job has made."""
        return self._job.unharmed(self._jobs.streaming.get)

    def create_streaming_ctx(self, batch_duration):
        """Makes the streaming context, with batches of so many seconds."""
        self._job.unharmed(self._jobs.streaming.create, batch_duration)

    def stop_streaming_ctx(self):
        """Ends the streaming context."""
        self._job.unharmed(self._jobs.streaming.stop, True)

    def stop(self):
        """Ends the streaming context if there is one; Spark stays, as statements and other jobs go on with it."""
        self._job.unharmed(self._jobs.streaming.stop, False)

    def get_shared_object(self, name):
        """Returns the object that a job has shared, or the value that a statement has; None if there is none."""
        is_object, value, is_other = self._job.unharmed(self._jobs.objects.find, name)
        return self._jobs.kernel.shared(name) if is_other else value

    def set_shared_object(self, name, value):
        """Shares an object with other jobs and with statements; None is as if nothing were shared."""
        if value is None:
            self.remove_shared_object(name)
        else:
            self._job.unharmed(self._jobs.objects.put, name, value)

    def remove_shared_object(self, name):
        """Shares what has that name no longer."""
        self._job.unharmed(self._jobs.objects.remove, name)
