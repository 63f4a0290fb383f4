"""What a job gets from the driver."""

from __future__ import annotations

from typing import Any


class JobContext:
    """What a job gets as its first argument.

    It stands here for type checkers and readers; the driver makes the one that jobs get.
    """

    sc: Any
    """The ``SparkContext``."""

    spark_session: Any
    """The ``SparkSession``."""

    spark: Any
    """The same by its short name."""

    sql_ctx: Any
    """The ``SQLContext``."""

    local_tmp_dir_path: str
    """A folder of the driver's machine that is deleted with the session."""

    def get_shared_object(self, name: str) -> Any:
        """Returns what a job or a statement of this session has shared, or None if none has."""
        raise NotImplementedError("only the driver has shared objects")

    def set_shared_object(self, name: str, value: Any) -> None:
        """Shares a value with the session's other jobs and its statements."""
        raise NotImplementedError("only the driver has shared objects")

    def remove_shared_object(self, name: str) -> None:
        """Forgets a shared value."""
        raise NotImplementedError("only the driver has shared objects")
