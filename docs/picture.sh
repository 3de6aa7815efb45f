#!/bin/sh
# Makes docs/picture.png from a real run: plays an example in a terminal, edits it, and draws the screen.
# Needs tmux, python3 with pyte and Pillow, and the DejaVu fonts (apt: tmux python3-pyte python3-pil fonts-dejavu-core).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
bin=${1:-$here/../target/release/patches}
work=$(mktemp -d)
trap 'tmux -S "$work/tmux" kill-server 2>/dev/null || true; rm -rf "$work"' EXIT

cp "$here/../examples/acid.patches" "$work/acid.patches"
terminal() { tmux -S "$work/tmux" "$@"; }
terminal -f /dev/null new-session -d -x 100 -y 30 -s t \
    "cd '$work' && LC_ALL=C.UTF-8 COLORTERM=truecolor XDG_STATE_HOME='$work/state' '$bin' acid.patches --backend clock"
terminal set -ga terminal-overrides ',*:Tc'
sleep 2
save() { sed "$1" "$work/acid.patches" >"$work/new" && mv "$work/new" "$work/acid.patches"; }
save 's/resonance: 0.8/resonance: 0.95/'
sleep 1
save 's/decay: 180ms/decay: 300ms/'
sleep 1
save 's/Delay {/Dealy {/'
sleep 1.2
terminal capture-pane -t t -e -p >"$work/screen.ansi"
python3 "$here/ansi2png.py" "$work/screen.ansi" "$here/picture.png" 100 30
echo "$here/picture.png"
