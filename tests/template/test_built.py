"""What `sam build` makes: small enough, for the right machine, complete.

The layer's binaries are Lambda's, for Python 3.13 on arm64, and do not run here. So the same layer
is made a second time, of the same versions for this machine, and each function is imported from its
own artefact with that. This cannot show that the binaries for arm64 work.
"""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.template.expansion import ROOT, document

MB = 1024 * 1024
LAMBDA_ZIPPED = 50 * MB  # of one package
LAMBDA_UNZIPPED = 250 * MB  # of a function and all its layers
# Ours: a larger size without a reason is a package that came along unnoticed.
LAYER_ZIPPED, LAYER_UNZIPPED = 16 * MB, 56 * MB
FUNCTION_UNZIPPED = MB // 2

AARCH64 = 0xB7  # e_machine in an ELF header

_IMPORT = """
import importlib, json, os, sys, traceback

functions, layer = json.loads(sys.argv[1]), sys.argv[2]
sys.path.insert(0, layer)
import aws_lambda_powertools, boto3, psycopg, pydantic, stripe  # once for all

for service in ("dynamodb", "sesv2"):  # their descriptions are still there
    boto3.client(service, region_name="us-east-1")
failed = []
for name, folder in functions.items():
    child = os.fork()
    if child == 0:
        try:
            sys.path.insert(0, folder)
            app = importlib.import_module("app")
            assert app.__file__.startswith(folder) and callable(app.lambda_handler)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        failed.append(name)
print(json.dumps(failed))
"""


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder with everything as `sam package` would upload it."""
    folder = ROOT / ".local/sam-build"
    environment = os.environ | {
        "AWS_DEFAULT_REGION": "us-east-1",
        "HOME": str(ROOT / ".local/sam-home"),
        "PYTHON": str(ROOT / ".local/uv/bin/python"),  # the layer's Makefile needs a pip
        "SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS": "1",
        "SAM_CLI_TELEMETRY": "0",
    }
    command = [
        str(Path(sys.executable).with_name("sam")),
        *("build", "--template", "template.yaml", "--build-dir", str(folder)),
        *("--cached", "--cache-dir", str(ROOT / ".local/sam-cache")),
    ]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def layer(built: Path) -> Path:
    """The core layer, for Lambda."""
    return built / "CoreLayer/python"


@pytest.fixture(scope="session")
def layer_for_this_machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same layer, of wheels that can be imported here."""
    folder = tmp_path_factory.mktemp("layer")
    command = ["make", "--silent", "-C", "layers/core", "build-CoreLayer", "WHEELS="]
    variables = [f"ARTIFACTS_DIR={folder}", f"PYTHON={ROOT / '.local/uv/bin/python'}"]
    done = subprocess.run(
        [*command, *variables], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "python"


def _functions() -> list[str]:
    resources = document()["Resources"]
    return [n for n, each in resources.items() if each["Type"] == "AWS::Serverless::Function"]


def _files(folder: Path) -> dict[str, int]:
    """Size of every file, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _packages(folder: Path) -> set[str]:
    """Name and version of what pip installed."""
    return {path.name.removesuffix(".dist-info") for path in folder.glob("*.dist-info")}


def _pinned() -> set[str]:
    text = (ROOT / "layers/core/requirements.txt").read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
    return {
        f"{name.replace('-', '_').replace('.', '_')}-{version}".lower() for name, version in found
    }


def test_every_function_has_an_artefact(built: Path) -> None:
    """Its own files, and nothing else: shared code comes from the layer.

    Proves: ASVS 13.4.1, 15.2.3
    """
    for name in _functions():
        folder = ROOT / str(document()["Resources"][name]["Properties"]["CodeUri"]).removeprefix(
            "s3://packages/"
        )
        sources = {file for file in _files(folder) if "__pycache__" not in file}

        assert _files(built / name).keys() == sources
        assert sum(_files(built / name).values()) < FUNCTION_UNZIPPED


def test_layer_is_what_is_pinned(layer: Path, layer_for_this_machine: Path) -> None:
    """Exactly the pinned packages, and the same versions on both machines.

    Proves: ASVS 15.1.2
    """
    packages = {name.lower() for name in _packages(layer)}

    assert packages == _pinned()
    assert {name.lower() for name in _packages(layer_for_this_machine)} == packages
    assert [
        name for name in _files(layer) if "__pycache__" in name or name.startswith("bin/")
    ] == []


def test_what_is_shipped_is_listed(layer: Path) -> None:
    """The list for other programs, made beside the build, has the layer's packages and no others.

    Proves: ASVS 15.1.2
    """
    command = [str(ROOT / ".local/venv/bin/python"), "-m", "dev.dependencies.sbom", "abc1234"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    listed = json.loads((ROOT / done.stdout.strip()).read_text(encoding="utf-8"))["components"]

    names = {f"{each['name'].replace('-', '_')}-{each['version']}".lower() for each in listed}
    assert names == {name.lower() for name in _packages(layer)}


def test_binaries_are_for_lambdas_machine(layer: Path) -> None:
    """Every ELF file is for arm64, every extension module for CPython 3.13 or the stable ABI."""
    binaries = {}
    for name in _files(layer):
        with (layer / name).open("rb") as file:
            head = file.read(20)
        if head.startswith(b"\x7fELF"):
            binaries[name] = int.from_bytes(head[18:20], "little")
    modules = {name for name in binaries if name.endswith(".so") and ".libs/" not in name}

    assert set(binaries.values()) == {AARCH64}
    assert modules
    assert [n for n in modules if "cpython-313-aarch64" not in n and ".abi3." not in n] == []


def test_sizes_are_within_limits(built: Path, layer: Path, tmp_path: Path) -> None:
    """Within Lambda's, and within a tighter budget of ours."""
    archive = tmp_path / "layer.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name in _files(layer):
            file.write(layer / name, f"python/{name}")
    sql = sum(_files(ROOT / "sql").values())
    largest = max(sum(_files(built / name).values()) for name in _functions())
    unzipped = sum(_files(layer).values())

    assert archive.stat().st_size < LAYER_ZIPPED < LAMBDA_ZIPPED
    assert unzipped < LAYER_UNZIPPED
    assert unzipped + sql + largest < LAMBDA_UNZIPPED


def test_every_function_can_be_imported(built: Path, layer_for_this_machine: Path) -> None:
    """From its artefact and the layer alone, without anything of this checkout or its
    environments.
    """
    folders = json.dumps({name: str(built / name) for name in _functions()})
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _IMPORT, folders, str(layer_for_this_machine)],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env={"PATH": os.defpath, "POWERTOOLS_SERVICE_NAME": "holdfast"},
    )

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")
