"""docker-compose.yml, from nothing to a registered fleet, with each of its VTNs."""

from collections.abc import Iterator

import pytest

from tests.packaging.engine import Engine
from tests.packaging.project import Project

pytestmark = [pytest.mark.packaging, pytest.mark.timeout(900)]

VENS, RESOURCES = 158, 9_714
STACKS = {"daemon": {"daemon", "vtn", "postgres"}, "sandbox-daemon": {"sandbox-daemon", "sandbox"}}


@pytest.fixture(scope="module", params=["vtn", "sandbox"])
def project(request: pytest.FixtureRequest, engine_with_standins: Engine) -> Iterator[Project]:
    """Each stack after its first start; what the tests below do to it adds up."""
    vtn = request.param
    daemon = "daemon" if vtn == "vtn" else "sandbox-daemon"
    with Project(engine_with_standins, daemon, vtn) as project:
        project.up()
        yield project


def test_the_first_start_registers_the_whole_sample_fleet(project: Project) -> None:
    held = project.holdings()

    assert (len(held.vens), len(held.resources), held.doubled) == (VENS, RESOURCES, 0)


def test_only_the_chosen_vtn_runs(project: Project) -> None:
    running = {name for name, state in project.services().items() if state == "running"}

    assert running == STACKS[project.daemon]


def test_a_restart_of_the_vtn_then_of_the_daemon_doubles_nothing(project: Project) -> None:
    before = project.holdings()

    project.compose("restart", project.vtn)
    project.up()
    project.reconcile()
    project.compose("restart", project.daemon)
    project.up()
    project.reconcile()

    assert project.holdings() == before


def test_a_second_up_keeps_the_secrets_and_what_was_changed_in_the_inventory(
    project: Project,
) -> None:
    before = project.secret(project.daemon, "client_secret"), project.holdings()
    project.inventory("UPDATE resources SET enabled = 0 WHERE id <= 3")

    project.compose("down")
    project.up()

    assert (project.secret(project.daemon, "client_secret"), project.holdings()) == before
    assert project.inventory("SELECT count(*) FROM resources WHERE NOT enabled") == "3"


def test_docker_stop_ends_the_daemon_with_0_within_10_s(project: Project) -> None:
    code, took = project.stop(project.daemon)

    assert code == 0
    assert took < 10
