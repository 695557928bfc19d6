"""The router as this computer knows it: where it is, who is signed in there, what it lists."""
