"""Each of the specification's ports serves its service's functions, as the manifests label them."""

import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from learnflow.local import spec_ports
from learnflow.local.gateway import Gateway
from learnflow.local.pool import Pool
from learnflow.local.ports import listening
from learnflow.local.progress import StartError
from learnflow.manifests import read_system
from learnflow.manifests.kinds import DATABASES
from tests.local.fakes import FakeStarter, function, route
from tests.local.test_gateway import Echo

FUNCTIONS = (
    function("find-student", routes=(route("GET /api/students"),), service="student-api"),
    function("rate-match", routes=(route("POST /api/matches/{id}"),), service="student-api"),
    function("list-tutors", routes=(route("GET /api/tutors"),), service="tutor-api"),
    function("explain-match", routes=(route("GET /api/matches/{id}"),), service="matching-service"),
)


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Free ports in place of 3000-3003, by service; `everything` is the front end's."""
    probes = [listening("127.0.0.1", 0) for _ in range(4)]
    everything, *free = (probe.getsockname()[1] for probe in probes)
    for probe in probes:
        probe.close()
    services = dict(zip(free, spec_ports.SERVICES.values(), strict=True))
    monkeypatch.setattr(spec_ports, "FRONT_END", everything)
    monkeypatch.setattr(spec_ports, "SERVICES", services)
    return {"everything": everything} | {name: port for port, name in services.items()}


@pytest.fixture
async def opened(sockets: Path, ports: dict[str, int]) -> AsyncIterator[dict[str, str]]:
    """A gateway on all these ports: the URL of each service."""
    pool = Pool({one.name: one for one in FUNCTIONS}, FakeStarter(sockets, Echo()))
    await pool.start()
    gateway, bound = Gateway(pool), spec_ports.bind_all()
    for one, service in bound.items():
        await gateway.start(one, service)
    yield spec_ports.urls(bound)
    await gateway.stop(0.2)
    await pool.stop(grace=0.2)


async def asked(url: str, method: str = "GET") -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.request(method, url) as answer:
        return answer.status, await answer.text()


async def test_a_service_s_port_serves_its_functions_and_no_other_s(opened: dict[str, str]) -> None:
    for service, url in opened.items():
        seen = (await asked(url))[1]
        for one in FUNCTIONS:
            assert (one.name in seen) == (service in ("everything", one.service))
    assert (await asked(opened["student-api"] + "/api/students"))[0] == 200
    assert (await asked(opened["everything"] + "/api/students"))[0] == 200
    status, said = await asked(opened["student-api"] + "/api/tutors")
    assert (status, "list-tutors is behind the port of tutor-api" in said) == (404, True)


async def test_a_path_of_two_services_is_told_apart_by_port(opened: dict[str, str]) -> None:
    expected = {"everything": (200, 200), "student-api": (405, 200), "matching-service": (200, 405)}
    for service, statuses in expected.items():
        url = f"{opened[service]}/api/matches/m1"
        assert ((await asked(url))[0], (await asked(url, "POST"))[0]) == statuses


def test_a_port_that_is_taken_is_named_and_nothing_stays_open(ports: dict[str, int]) -> None:
    taken = ports["tutor-api"]
    with listening("127.0.0.1", taken), pytest.raises(StartError) as failed:
        spec_ports.bind_all()
    assert f"Port {taken} is used by" in str(failed.value)
    assert "--spec-ports opens it for tutor-api" in str(failed.value)
    assert "without --spec-ports" in failed.value.fix
    for port in ports.values():
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 1):
            pytest.fail(f"{port} stayed open")


def test_every_service_has_the_specification_s_port_and_a_function() -> None:
    specified = dict(zip((3001, 3002, 3003), DATABASES, strict=True))
    assert specified == spec_ports.SERVICES
    labelled = {one.service for one in read_system(Path(__file__).parents[2]).functions.values()}
    assert labelled == set(spec_ports.SERVICES.values())
