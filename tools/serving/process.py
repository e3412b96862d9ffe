"""The server process: one store, one worker, started, watched and ended in good order."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import getpass
import logging
import mmap
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any, ClassVar

import uvicorn
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from uvicorn_worker import UvicornWorker

from ...blobstore.errors import Blame, HoldfastError
from ...blobstore.handlers.auth import Auth
from ...blobstore.handlers.service import BlobService
from ...blobstore.hub import Hub
from ...blobstore.ref import Ref
from ...blobstore.storage import has
from ...schema.openpgp.publickey import PublicKey
from ...schema.signing import Signer
from ...ui.app import Application, create_app
from ...ui.files.imports import Imports
from ...ui.gallery.drawings import Drawings
from ...ui.login.csrf import Csrf
from ...ui.login.sessions import Sessions
from ...ui.searches import Searches
from ...ui.services import Services
from ...ui.shares.records import ShareRecords, open_share_records
from ..config import Config, ConfigError, IdentityConfig, parse_listen
from ..exits import exit_code
from ..identity import NoIdentity, open_signer
from ..wiring import open_hub, open_index
from .connections import connection_class, sweep
from .limits import Door, Limits, raise_file_limit
from .logs import set_up_logs
from .thumbnails import open_thumbnails

STOP_TIME = 60
"""Seconds what is in flight has to finish after the signal to stop."""

MAX_MESSAGE = 32 * 1024 * 1024
"""Bytes of one websocket message."""

READERS = 8
BULK_READERS = 2
WRITERS = 8
SEARCHERS = 4

_log = logging.getLogger(__name__)

Announce = Callable[[str], None]


class AddressInUse(HoldfastError):
    """Somebody else listens where the server was to."""

    blame: ClassVar[Blame] = Blame.CALLER

    def __init__(self, listen: str) -> None:
        self.listen = listen
        super().__init__(
            f"{listen} is in use, maybe by another holdfast serve; "
            "stop that, or listen elsewhere with --listen HOST:PORT"
        )


def serve(
    config: Config,
    *,
    announce: Announce,
    log_level: int = logging.INFO,
    log_requests: bool = False,
    limits: Limits | None = None,
) -> int:
    """Run the server until it is told to stop; the exit code for the process.

    `announce` is told the server's URL, in the process that serves, as soon as it does. Raises
    `BadAuth`, `AddressInUse` or `ConfigError` before anything is started; a store that cannot be
    opened is reported on standard error, and gives the exit code of its error.
    """
    set_up_logs(log_level)
    host, _ = parse_listen(config.server.listen)
    Auth(config.server.auth, process_token=secrets.token_hex(20)).check_listen(host)
    _check_free(config.server.listen)
    limits = limits or Limits()
    runner = _Runner(config, announce, log_requests, limits)
    parent = os.getpid()
    try:
        runner.run()
    except SystemExit as ended:
        if os.getpid() != parent:
            raise  # the worker: by its exit code the parent knows whether to start another
        if runner.refused[0]:
            return runner.refused[0]
        return ended.code if isinstance(ended.code, int) else 1
    return 0


class _Runner(BaseApplication):  # type: ignore[misc]
    """Tells gunicorn what to run. The store is opened in the worker, after the fork: LevelDB's
    lock and threads do not survive one."""

    def __init__(
        self, config: Config, announce: Announce, log_requests: bool, limits: Limits
    ) -> None:
        self.config = config
        self.announce = announce
        self.held = contextlib.ExitStack()
        self.refused = mmap.mmap(-1, 1)
        """The exit code of a store that could not be opened; shared with the worker."""
        self.door = Door(limits=limits, log_requests=log_requests)
        self.application: Application | None = None
        self.services: Services | None = None
        super().__init__()

    def load_config(self) -> None:
        host, port = parse_listen(self.config.server.listen)
        settings: dict[str, object] = {
            "bind": [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"],
            "workers": 1,
            "worker_class": _Worker,
            "logger_class": _Logger,
            "graceful_timeout": STOP_TIME,
            "backlog": 1024,
            # No watchdog: rebuilding a table at the start takes as long as it takes, and a
            # worker that was killed over a slow disk would have to begin again.
            "timeout": 0,
            "control_socket_disable": True,
            "proc_name": "holdfast",
        }
        for name, value in settings.items():
            if name in self.cfg.settings:  # older gunicorns know fewer
                self.cfg.set(name, value)

    def load(self) -> Application:
        """Open the store and build the application; in the worker."""
        try:
            self.services = self._open()
        except HoldfastError as error:
            self.held.close()
            # Said once, for a person. This exit code keeps gunicorn from trying again.
            print(f"holdfast: {error}", file=sys.stderr, flush=True)
            self.refused[0] = exit_code(error)
            sys.exit(Arbiter.APP_LOAD_ERROR)
        self.application = create_app(self.services)
        return self.application

    def _open(self) -> Services:
        server = self.config.server
        hub = self.held.enter_context(open_hub(self.config.storage))
        index = self.held.enter_context(open_index(self.config, hub, reads=True))
        hash_name = self.config.storage.hash_name
        signer = _signer(self.config.identity)
        if signer is not None:
            _publish(signer.public, hub, hash_name)
        blobs = BlobService(
            hub=hub,
            epoch=secrets.token_hex(16),
            allow_remove=server.allow_remove,
            readers=ThreadPoolExecutor(READERS, "reader"),
            bulk=ThreadPoolExecutor(BULK_READERS, "bulk"),
            writers=ThreadPoolExecutor(WRITERS, "writer"),
        )
        is_kept = self.config.storage.kind != "memory"
        records = (
            self.held.enter_context(open_share_records(self.config.folders.data / "shares"))
            if is_kept
            else ShareRecords()
        )
        searchers = ThreadPoolExecutor(SEARCHERS, "search")
        for threads in (blobs.readers, blobs.bulk, blobs.writers, searchers):
            self.held.callback(threads.shutdown)
        sessions = Sessions(
            self.config.folders.data / "sessions.json" if is_kept else None,
            auth_text=server.auth,
            later=blobs.writers.submit,
        )
        self.held.callback(sessions.close)
        imports = Imports(hub, hash_name=hash_name)
        self.held.callback(imports.close)
        thumbnails = self.held.enter_context(open_thumbnails(self.config, blobs))
        auth = Auth(
            server.auth,
            process_token=secrets.token_hex(20),
            vivify_token=secrets.token_hex(20),
            sessions=sessions,
        )
        return Services(
            blobs=blobs,
            auth=auth,
            auth_text=server.auth,
            signer=signer,
            claims=index.claims,
            index=index,
            searches=Searches(index.search, searchers),
            sessions=sessions,
            csrf=Csrf(sessions.key),
            thumbnails=thumbnails,
            drawings=Drawings(self.config.folders.cache / "land"),
            share_records=records,
            imports=imports,
            owner_name=_user(),
            user_name=_user(),
            listen=server.listen,
            storage_kind=self.config.storage.kind,
            hash_name=hash_name,
            version=_version(),
            started=datetime.now(UTC),
        )

    def run(self) -> None:
        # Nothing gunicorn says of a worker that ended adds to why the store was refused.
        unless_refused = _UnlessRefused(self.refused)
        log = logging.getLogger("gunicorn.error")
        log.addFilter(unless_refused)
        try:
            _Arbiter(self).run()
        finally:
            log.removeFilter(unless_refused)


class _UnlessRefused(logging.Filter):
    def __init__(self, refused: mmap.mmap) -> None:
        super().__init__()
        self.refused = refused

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002 - logging's signature
        return not self.refused[0]


class _Arbiter(Arbiter):  # type: ignore[misc]
    """gunicorn's parent process, for exactly one worker that is never replaced while it lives."""

    def handle_int(self) -> None:
        self.handle_term()

    def _only_one(self) -> None:
        _log.warning("one process owns a store; restart the server instead")

    handle_hup = handle_ttin = handle_ttou = handle_usr2 = _only_one


class _Logger(Logger):  # type: ignore[misc]
    """Leaves the loggers as `set_up_logs` made them."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.loglevel = logging.WARNING
        self.error_log.propagate = True
        self.access_log.propagate = True

    def reopen_files(self) -> None:
        return

    def close_on_exec(self) -> None:
        return


class _Server(uvicorn.Server):
    """Announces itself when it listens, and closes the store when the last request is done."""

    def __init__(self, config: uvicorn.Config, runner: _Runner) -> None:
        super().__init__(config)
        self.runner = runner

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            self.runner.announce(f"http://{shown}:{port}/")

    async def shutdown(self, sockets: Any = None) -> None:
        assert self.runner.services is not None
        # Long polls and websockets end by themselves when they see this.
        self.runner.services.blobs.stopping.set()
        await super().shutdown(sockets)
        # Here, since uvicorn ends the process by repeating the signal.
        self.runner.held.close()


class _Worker(UvicornWorker):  # type: ignore[misc]
    """uvicorn in gunicorn's child process, with our connections."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        runner: _Runner = self.app
        self.config.http = connection_class(runner.door)
        self.config.loop = "uvloop"
        self.config.ws = "websockets-sansio"
        self.config.ws_max_size = MAX_MESSAGE
        # Blobs are mostly compressed already, and packing them again costs more than it saves.
        self.config.ws_per_message_deflate = False
        self.config.lifespan = "off"
        self.config.server_header = False
        self.config.access_log = False
        self.config.proxy_headers = False
        self.config.timeout_graceful_shutdown = STOP_TIME - 5
        self.config.callback_notify = None
        for name in ("uvicorn.error", "uvicorn.access"):
            logging.getLogger(name).propagate = True

    async def _serve(self) -> None:
        files = raise_file_limit()
        # The loop must get its turn soon even while all other threads hash: Python's default of
        # 5 ms, paid at each step of the loop, adds up to seconds when hundreds knock at once.
        sys.setswitchinterval(0.0005)
        runner: _Runner = self.app
        if files < runner.door.limits.in_all + 512:
            _log.warning("only %d files may be open; connections may fail", files)
        self.config.app = self.wsgi
        server = _Server(self.config, runner)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGQUIT, server.handle_exit, signal.SIGTERM, None)
        tasks = (
            asyncio.create_task(sweep(server.server_state.connections)),
            asyncio.create_task(self._follow_parent(server)),
        )
        try:
            await server.serve(sockets=self.sockets)
        finally:
            for task in tasks:
                task.cancel()
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    async def _follow_parent(self, server: uvicorn.Server) -> None:
        """End when the parent is gone: an orphan would keep the store from the next server."""
        while os.getppid() == self.ppid:
            await asyncio.sleep(0.5)
        server.should_exit = True


def _check_free(listen: str) -> None:
    """Bind the address once: gunicorn would try for five seconds, and log each time."""
    host, port = parse_listen(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise AddressInUse(listen) from None
            raise ConfigError("cannot listen", f"{listen}: {error.strerror}") from None


def _signer(identity: IdentityConfig) -> Signer | None:
    """Whoever signs for the owner. A key that cannot sign is no reason to serve nothing."""
    try:
        return open_signer(identity)
    except NoIdentity as error:
        _log.warning("%s, then start the server anew; until then it signs nothing", error)
    except HoldfastError as error:
        _log.warning("%s; until then the server signs nothing", error)
    return None


def _publish(key: PublicKey, hub: Hub, hash_name: str) -> None:
    """Store the owner's public key, which whoever reads what it signed needs."""
    ref = Ref.of(key.blob, hash_name=hash_name)
    try:
        if not has(hub.storage, ref):
            hub.receive_one(ref, key.blob)
    except HoldfastError as error:  # a full disk is no reason to serve nothing
        _log.warning("the public key was not stored: %s", error)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _version() -> str:
    try:
        return installed_version("holdfast")
    except PackageNotFoundError:
        return "unknown"
