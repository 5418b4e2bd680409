"""What AWS tells of databases and caches, and whether they answer."""
