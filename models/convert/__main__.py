"""`python -m convert NAME RESULT ORIGINAL…`: makes one converted file of the manifest."""

import sys
import zipfile
from pathlib import Path


def inside(task, name):
    with zipfile.ZipFile(task) as archive:
        return archive.read(name)


def convert(name, result, originals):
    match name:
        case "face_detector" | "face_landmarks" | "face_blendshapes":
            from . import from_tflite

            member, make = {
                "face_detector": ("face_detector.tflite", from_tflite.detector),
                "face_landmarks": ("face_landmarks_detector.tflite", from_tflite.landmarks),
                "face_blendshapes": ("face_blendshapes.tflite", from_tflite.blendshapes),
            }[name]
            make(inside(originals[0], member), result)
        case "face_geometry":
            from . import geometry

            geometry.convert(inside(originals[0], "geometry_pipeline_metadata_landmarks.binarypb"), result)
        case "moonshine":
            from . import moonshine

            moonshine.convert(Path(originals[0]).read_bytes(), result)
        case _:
            sys.exit(f"there is no converter called {name}")


if __name__ == "__main__":
    convert(sys.argv[1], sys.argv[2], sys.argv[3:])
