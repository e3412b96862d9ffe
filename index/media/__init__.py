"""What contents say of themselves: kinds, sizes, times, places, tags, text."""
