"""Engines with real children, and patience with a busy machine."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.engine.client import Engine
from napari_segloop.engine.messages import ChildChanged, JobDone, JobFailed
from napari_segloop.engine.requests import FirstMaskRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_segloop.engine.messages import Message
    from napari_segloop.engine.requests import Request

PATIENCE = 240.0
FAULTY = [sys.executable, str(Path(__file__).with_name("faulty_worker.py"))]


def asking(word: str) -> FirstMaskRequest:
    """Ask a worker of `faulty_worker` to behave as a word says."""
    return FirstMaskRequest(np.frombuffer(word.encode(), np.uint8)[np.newaxis])


@dataclass
class Listener:
    """An engine and all that it said."""

    engine: Engine
    said: list[Message] = field(default_factory=list)
    read: int = 0

    def until(self, is_there: Callable[[Message], bool]) -> Message:
        """Read on until a message; those after it are read next time."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.said += self.engine.poll()
            while self.read < len(self.said):
                self.read += 1
                if is_there(self.said[self.read - 1]):
                    return self.said[self.read - 1]
            time.sleep(0.005)
        pytest.fail(f"waited in vain; last said: {self.said[-5:]}")

    def state(self, *states: str) -> ChildChanged:
        """Read on until a child has one of these states."""
        message = self.until(lambda m: isinstance(m, ChildChanged) and m.state in states)
        assert isinstance(message, ChildChanged)
        return message

    def end_of(self, job: int) -> JobDone | JobFailed:
        found = [m for m in self.said if isinstance(m, JobDone | JobFailed) and m.job == job]
        message = (
            found[0]
            if found
            else self.until(lambda m: isinstance(m, JobDone | JobFailed) and m.job == job)
        )
        assert isinstance(message, JobDone | JobFailed)
        return message

    def done(self, request: Request) -> JobDone:
        """Run a job that must end well."""
        message = self.end_of(self.engine.submit(request))
        assert isinstance(message, JobDone), str(message.error)
        return message

    def failed(self, request: Request) -> JobFailed:
        """Run a job that must fail."""
        message = self.end_of(self.engine.submit(request))
        assert isinstance(message, JobFailed)
        return message

    def of_job(self, job: int, kind: type[Message]) -> list[Message]:
        return [m for m in self.said if isinstance(m, kind) and getattr(m, "job", None) == job]


@pytest.fixture(scope="module")
def faulty() -> Iterator[Listener]:
    """A worker that misbehaves when asked to."""
    engine = Engine(FAULTY)
    yield Listener(engine)
    engine.close()


@pytest.fixture(scope="module")
def usual() -> Iterator[Listener]:
    """The worker that users get."""
    engine = Engine()
    yield Listener(engine)
    engine.close()


@pytest.fixture
def listen() -> Iterator[Callable[[Engine], Listener]]:
    """Engines of one test; closed after it."""
    engines: list[Engine] = []

    def make(engine: Engine) -> Listener:
        engines.append(engine)
        return Listener(engine)

    yield make
    for engine in engines:
        engine.close()
