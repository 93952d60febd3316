"""The main job, watched: `python -m sandbox.demo` plays stories on real processes and checks every ending."""
