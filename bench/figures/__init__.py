"""One module per figure. Each has TITLE and measure(context), which adds its rows to the context."""
