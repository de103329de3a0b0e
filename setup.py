"""Compiles the translation catalogues and the C loops while the package is built; the rest stands in pyproject.toml."""

import re
from pathlib import Path

from setuptools import Command, Extension, setup
from setuptools.command.build import build


class CompileCatalogues(Command):
    """``locale/*/LC_MESSAGES/mottomo.po`` to ``.mo``: into the build, or beside the source for an editable install."""

    description = "compile translation catalogues"
    user_options = (("build-lib=", None, "where the package is built"),)

    def initialize_options(self):
        self.build_lib = None
        self.editable_mode = False

    def finalize_options(self):
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self):
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po

        for source, target in self._files().items():
            with open(source, "rb") as stream:
                catalogue = read_po(stream, locale=source.parent.parent.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(target, "wb") as stream:
                write_mo(stream, catalogue)

    def _files(self):
        root = Path("src")
        into = root if self.editable_mode else Path(self.build_lib)
        sources = sorted(root.glob("mottomo/locale/*/LC_MESSAGES/mottomo.po"))
        return {source: into / source.relative_to(root).with_suffix(".mo") for source in sources}

    def get_source_files(self):
        return [str(source) for source in self._files()]

    def get_outputs(self):
        return [str(target) for target in self._files().values()]

    def get_output_mapping(self):
        return {}


build.sub_commands.append(("compile_catalogues", None))
SOURCES = Path("src/mottomo/kernels/c")
LOOPS = Extension(
    "mottomo.kernels._native",
    sources=[str(path) for path in sorted(SOURCES.glob("*.c"))],
    depends=[str(path) for path in sorted(SOURCES.glob("*.h"))],
    extra_compile_args=["-O3", "-std=gnu11", "-Wno-psabi"],
    optional=True,  # without a compiler mottomo is installed all the same, and computes with numpy
)


def readme() -> str:
    """README.md for a package index, which has no other file: a link within the project becomes its file's name."""
    text = Path("README.md").read_text(encoding="utf-8")
    text = re.sub(r"^!\[[^\]]*\]\((?!https?:)[^)]*\)\n", "", text, flags=re.MULTILINE)
    return re.sub(r"\[([^\]]*)\]\((?!https?:)([^)#]*)\)", r"\1 (`\2` in the source distribution)", text)


setup(
    cmdclass={"compile_catalogues": CompileCatalogues},
    ext_modules=[LOOPS],
    long_description=readme(),
    long_description_content_type="text/markdown",
)
