"""How decisions lie beside training, and what came of them."""
