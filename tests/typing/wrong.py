"""Programs that a type checker must refuse: each marked line, and no other."""

from __future__ import annotations

from kling_facade import camera, paths, regions, voice
from kling_facade.motion import MotionBrush
from kling_facade.request import ImageToVideo

computed = int("4")
box = regions.box(0, 0, 9, 9)

camera.zoom_in(11)  # wrong: out of range
camera.zoom_in(0)  # wrong: out of range
camera.zoom_in(4.5)  # wrong: no whole number
camera.zoom_in("4")  # wrong: no number
camera.zoom_in(computed)  # wrong: not checked
camera.zoom_in()  # wrong: missing
camera.zoom_in(4, swap_pan_tilt=True)  # wrong: nothing to swap
camera.dolly_in(4)  # wrong: no such move
ImageToVideo()  # wrong: no picture
ImageToVideo(7)  # wrong: no picture
ImageToVideo("fox.png", "the fox turns")  # wrong: only the picture has a place
ImageToVideo("fox.png", mode="standard")  # wrong: no mode
ImageToVideo("fox.png", duration=20)  # wrong: no duration
ImageToVideo("fox.png", duration=computed)  # wrong: not checked
ImageToVideo("fox.png", camera="zoom-in:4")  # wrong: text
ImageToVideo("fox.png", cfg_scale="0.5")  # wrong: text
ImageToVideo("fox.png", sound="on")  # wrong: text
ImageToVideo("fox.png", prmpt="x")  # wrong: misspelt
voice.prompt("{a}", a=7)  # wrong: no id
regions.box(0, 0, 9)  # wrong: missing
regions.polygon([1, 2, 3])  # wrong: no pairs
regions.polygon([(0, 0), (9, 0), (0, 9)], fill="odd")  # wrong: no rule
box | 3  # wrong: no region
MotionBrush.over((9, 9)).move(box)  # wrong: no path
MotionBrush.over((9, 9)).move(box, along=paths.line(by=(9, 0)), start="there")  # wrong: no start
