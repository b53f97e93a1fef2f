"""Setup files of OpenSim (XML), written without it; paths in them are relative, so that a folder can be moved."""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from biomimic import files

VERSION = "40500"  # of OpenSim's document format, read by 4.5 and newer


def fill(element: ElementTree.Element, **properties: object) -> ElementTree.Element:
    """Properties as child elements: numbers in full precision, lists with blanks, booleans in lower case."""
    for name, value in properties.items():
        ElementTree.SubElement(element, name).text = words(value)
    return element


def words(value: object) -> str:
    """A value as OpenSim writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    if isinstance(value, (str, int, np.integer)):
        return str(value)
    if isinstance(value, Iterable):
        return " ".join(words(one) for one in value)
    return str(value)


def objects(parent: ElementTree.Element, kind: str, name: str = "") -> ElementTree.Element:
    """A set of OpenSim inside `parent`; its list of objects is returned."""
    group = ElementTree.SubElement(parent, kind, {"name": name} if name else {})
    found = ElementTree.SubElement(group, "objects")
    ElementTree.SubElement(group, "groups")
    return found


def write(path: str | Path, tool: ElementTree.Element) -> Path:
    """One document with one tool, set or model in it."""
    document = ElementTree.Element("OpenSimDocument", Version=VERSION)
    document.append(tool)
    ElementTree.indent(document, "\t")
    return files.write(
        path, '<?xml version="1.0" encoding="UTF-8" ?>\n' + ElementTree.tostring(document, "unicode") + "\n"
    )
