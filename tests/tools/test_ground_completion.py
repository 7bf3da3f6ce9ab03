"""Tab in three shells: nouns, commands, arguments, labels, as the dictionary has them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from tools.cli import penumbra
from tools.ground.cli import NOUNS, gnd


def offered(*words: str) -> list[str]:
    *before, incomplete = words
    shell = ShellComplete(penumbra, {}, "penumbra", "_PENUMBRA_COMPLETE")
    return [str(item.value) for item in shell.get_completions(["gnd", *before], incomplete)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("al",), ["alarm"]),
        (("cmd", "hist"), ["history"]),
        (("cmd", "send", "set_m"), ["set_mode"]),
        (("cmd", "send", "set_mode", ""), ["mode="]),
        (("cmd", "send", "set_mode", "mode=ECL"), ["mode=ECLIPSE_SAVE"]),
        (("cmd", "send", "set_mode", "mode", "=", "ECL"), ["ECLIPSE_SAVE"]),  # as bash splits it
        (("cmd", "send", "submit_job", "model=a", "v"), ["value="]),
        (("cmd", "send", "submit_job", "model=a", "mo"), []),
        (("cmd", "arm", "set_mode", "mode=SA"), ["mode=SAFE"]),
        (("sched", "add", "arm", "command=set_mo"), ["command=set_mode"]),
        (("tlm", "watch", "the"), ["thermal", "thermal_interval_s"]),
        (("tlm", "plot", "soc", "payload_te"), ["payload_temp_c"]),
        (("cmd", "send", "nonsense", ""), []),
        (("nonsense", "x"), []),
    ],
)
def test_what_can_follow_is_offered(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(*words) == expected


def test_only_what_can_be_set_is_offered_to_be_set() -> None:
    found = offered("cmd", "send", "set_parameter", "parameter=")
    assert "parameter=temp_margin_c" in found and "parameter=soc" not in found
    assert offered("cmd", "send", "set_mode", "mode", "=")[:2] == ["BOOT", "NOMINAL"]


def test_every_noun_is_offered_without_loading_any() -> None:
    assert offered("") == list(NOUNS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str) -> None:
    result = CliRunner().invoke(gnd, ["completion", shell])
    assert (result.exit_code, f"_PENUMBRA_COMPLETE={shell}_complete" in result.stdout) == (0, True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_completes_a_label(tmp_path: Path) -> None:
    program = tmp_path / "penumbra"
    program.write_text(f"#!{sys.executable}\nimport sys\nfrom tools.cli import main\nsys.exit(main())\n")
    program.chmod(0o755)
    script = CliRunner().invoke(gnd, ["completion", "bash"]).stdout
    lines = f"""{script}
        COMP_WORDS=(penumbra gnd cmd send set_mode mode = EC); COMP_CWORD=7
        _penumbra_completion {program}; echo "${{COMPREPLY[@]}}"
        COMP_WORDS=(penumbra gnd cmd send set_mode mo); COMP_CWORD=5; COMPREPLY=()
        _penumbra_completion {program} 2>/dev/null; echo "${{COMPREPLY[@]}}"
    """
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(["bash", "-c", lines], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.split() == ["ECLIPSE_SAVE", "mode="]
