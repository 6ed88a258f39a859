"""Points, bitmaps, filled outlines, simplified paths, SVG paths; no pictures, no requests."""
