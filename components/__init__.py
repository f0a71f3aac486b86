"""The dashboard: pages on Panel and Bokeh, a folder for each page or panel with its Python, template and script."""
