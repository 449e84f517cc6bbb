"""Face landmarks, and the motion labels computed from them."""
