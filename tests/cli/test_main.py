"""The error boundary: what goes wrong becomes one sentence and an exit code."""

import subprocess
import sys

import pytest

from rrb.cli import main as cli
from rrb.errors import BadInputError


class Command:
    """A command that raises what it was given."""

    __doc__ = "Fail."

    def __init__(self, error):
        from rrb.cli.doctor import Options

        self.Options, self.error = Options, error

    def run(self, options):
        raise self.error


@pytest.fixture
def failing(monkeypatch):
    def install(error):
        monkeypatch.setattr(cli, "import_module", lambda name: Command(error))

    return install


def said(capsys):
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("rrb: ")
    return lines[0]


def test_bad_input_is_two(failing, capsys):
    failing(BadInputError("chair.obj: there is no such file"))
    assert cli.main(["doctor"]) == 2
    assert said(capsys) == "rrb: chair.obj: there is no such file"


def test_our_fault_is_one_and_says_how_to_see_more(failing, capsys):
    failing(ZeroDivisionError("division\nby zero"))
    assert cli.main(["doctor"]) == 1
    assert "--debug" in said(capsys)


def test_stopping_is_130(failing, capsys):
    failing(KeyboardInterrupt())
    assert cli.main(["doctor"]) == 130
    said(capsys)


@pytest.mark.parametrize("error", [BadInputError("x"), ZeroDivisionError("x")])
def test_debug_shows_where(failing, error):
    failing(error)
    with pytest.raises(type(error)):
        cli.main(["doctor", "--debug"])


def test_an_unknown_command_names_the_known_ones(capsys):
    assert cli.main(["rendre"]) == 2
    sentence = said(capsys)
    assert all(name in sentence for name in cli.COMMANDS)


def test_help_names_every_command(capsys):
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in cli.COMMANDS)
    assert cli.main([]) == 2


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as exit:
        cli.main([name, "--help"])
    assert exit.value.code == 0
    assert f"usage: rrb {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["doctor", "--nonsense"], ["render"], ["render", "a.obj", "--size", "x"]]
)
def test_bad_usage_is_two(arguments, capsys):
    with pytest.raises(SystemExit) as exit:
        cli.main(arguments)
    assert exit.value.code == 2
    assert capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error():
    code = "import sys\nfrom rrb.cli.main import main\nsys.exit(main(['--help']))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 0


def test_help_of_a_command_is_light():
    code = (
        "import sys\nfrom rrb.cli.main import main\n"
        "try: main(['render', '--help'])\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'numba', 'trimesh', 'matplotlib', 'PIL', 'skimage'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
