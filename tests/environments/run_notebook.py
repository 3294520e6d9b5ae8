"""Runs a notebook from top to bottom with the expert's interpreter, in the current folder.

run_notebook.py NOTEBOOK ENVIRONMENT_FOLDER: the latter stands for /environment.
"""

import sys
import warnings

import nbformat
from nbclient import NotebookClient  # type: ignore[import-not-found]


def main() -> None:
    notebook = nbformat.read(sys.argv[1], as_version=4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        cell.source = cell.source.replace('"/environment/', f'"{sys.argv[2]}/')
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Jupyter's own about its paths
        NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            print(output.get("text", ""))


if __name__ == "__main__":
    main()
