"""The fitted judge that the package carries; `sparingly train-judge` makes it (see learning/judge/train_judge.py)."""
