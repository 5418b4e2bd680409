"""Put the healthy platform back, whatever was changed and by whom."""
