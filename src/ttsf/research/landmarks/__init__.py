"""Face landmarks and the motion labels that are read from them."""
