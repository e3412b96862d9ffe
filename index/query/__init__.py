"""What can be asked of an index: queries as frozen values, their JSON, and the search language."""
