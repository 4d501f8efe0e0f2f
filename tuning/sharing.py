"""One search over several processes or machines: KerasTuner's chief, which draws, and workers, which train.

The environment variables are KerasTuner's:

    KERASTUNER_TUNER_ID      "chief" for one process, a name of its own for each of the others
    KERASTUNER_ORACLE_PORT   where the chief listens
    KERASTUNER_ORACLE_IP     the chief's address; 127.0.0.1 if it is not given

Who can reach that port can take part: nothing is asked of a worker, so it belongs into a trusted network.
"""

import os
import time
from collections.abc import Callable, Iterator, MutableMapping
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass

from training.runs import NAME
from tuning.searches import SearchError
from tuning.trials import POLL_SECONDS, Trainings

ID, IP, PORT = "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"
LOOPBACK = "127.0.0.1"
START_SECONDS = 60.0  # that a worker waits for a chief that is still starting
ANSWER_SECONDS = 10.0  # that a chief which has answered before may take to do so again
CALL_SECONDS = 60.0  # that a chief may take for one answer, with others before it; KerasTuner waits an hour
IDLE_SECONDS = 1.0  # between two questions of a worker that has to wait for others
FAREWELL_SECONDS = 5.0  # that a chief waits for its workers to ask once more, so that they hear of the end


@dataclass(frozen=True)
class Role:
    """This process' part in a search.

    Args:
        name: "chief", a worker's own, or None for a process that searches alone.
        address: The chief's, with its port.
    """

    name: str | None = None
    address: str = ""

    @property
    def is_worker(self) -> bool:
        """Whether it trains what a chief draws."""
        return self.name is not None and not self.is_chief

    @property
    def is_chief(self) -> bool:
        """Whether it draws for others; KerasTuner goes by the name too."""
        return self.name is not None and "chief" in self.name


def role(environment: MutableMapping[str, str] = os.environ) -> Role:
    """This process' part, as the environment has it; a missing address becomes that of this machine.

    Raises:
        SearchError: The variables are not complete, or one makes no sense.
    """
    given = {name: environment[name] for name in (ID, IP, PORT) if environment.get(name)}
    if not given:
        return Role()
    for name, what in ((ID, '"chief" or a name of the worker\'s own'), (PORT, "the chief's port")):
        if name not in given:
            raise SearchError(f"{' and '.join(given)} set, but {name} is not: it must be {what}")
    if not NAME.fullmatch(given[ID]):
        raise SearchError(f"{ID} must hold only letters, digits, '.', '_' and '-'. Received: {given[ID]!r}")
    port = given[PORT]
    if not (port.isdecimal() and 0 < int(port) < 2**16):
        raise SearchError(f"{PORT} must be a port, 1 to 65535. Received: {port!r}")
    environment[IP] = given.get(IP, LOOPBACK)
    return Role(given[ID], f"{environment[IP]}:{port}")


def serve(oracle, address: str, trainings: Trainings, tell: Callable[[str], None]) -> None:
    """Hand out an oracle's trials to workers until all have ended.

    KerasTuner's own loop looks every 20 seconds, hears no signal and waits for ever for a worker that was
    killed; its service is what answers here too.

    Raises:
        SearchError: The address can't be listened at.
        Stopped: Somebody asked to stop.
    """
    import grpc
    from keras_tuner.src import protos
    from keras_tuner.src.distribute.oracle_chief import OracleServicer

    # One thread: an oracle is not made for more. A port that is shared would be answered by either of two.
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), options=(("grpc.so_reuseport", 0),))
    protos.get_service_grpc().add_OracleServicer_to_server(OracleServicer(oracle), server)
    try:
        server.add_insecure_port(address)
    except RuntimeError as error:
        raise SearchError(f"{address} can't be listened at: it is in use, or not this machine's") from error
    server.start()
    told = -1
    try:
        while not oracle.ended:
            trainings.check()
            if len(oracle.end_order) != told:
                told = len(oracle.end_order)
                tell(f"{told} of {oracle.max_trials} trials have ended")
            time.sleep(POLL_SECONDS)
        until = time.monotonic() + FAREWELL_SECONDS
        while oracle.tuner_ids and time.monotonic() < until:
            time.sleep(POLL_SECONDS)
    finally:
        server.stop(grace=1).wait()


def answers(address: str, seconds: float) -> bool:
    """Whether a chief answers at an address within some time."""
    import grpc

    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=seconds)
        except grpc.FutureTimeoutError:
            return False
        return True


class ChiefGone(BaseException):
    """The chief has ended, and with it the search. As `Stopped` no Exception, for the same reason."""


@contextmanager
def calls() -> Iterator[None]:
    """Turn what gRPC raises in a call to the chief into `ChiefGone` or an error for a person.

    Raises:
        ChiefGone: It does not answer any more.
        SearchError: It answered that it could not.
    """
    import grpc

    try:
        yield
    except grpc.RpcError as error:
        code = error.code() if isinstance(error, grpc.Call) else None
        gone = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED)
        if code in gone:
            raise ChiefGone from error
        details = (error.details() if isinstance(error, grpc.Call) else str(error)) or str(code)
        raise SearchError(f"the chief can't go on: {details.splitlines()[0]}") from error
