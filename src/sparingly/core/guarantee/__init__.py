"""Keep wrong hits under a stated bound: where the bar must be, and whether it still is right."""
