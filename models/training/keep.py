"""Results that take long, kept in files that are of no use once the scripts they come from have changed."""

import hashlib
import pickle
from pathlib import Path


def kept(folder, name, scripts, make, others=b""):
    """What `make` gives, kept in `folder` under this name for as long as these training scripts, and `others`, stay."""
    here = Path(__file__).parent
    code = b"".join((here / script).read_bytes() for script in scripts)
    path = folder / f"{hashlib.sha256(code + others + name.encode()).hexdigest()[:16]}.pickle"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".part").write_bytes(pickle.dumps(make()))
        path.with_suffix(".part").rename(path)
    return pickle.loads(path.read_bytes())
