"""How fast and how good this installation is, measured on the machine it runs on."""
