#!/usr/bin/env bash
# Installs the other frameworks of the race: all, or those that are named.
#
#   bench/peers/install.sh [python] [products] [candle] [burn]
#
# They go to the folder that BENCH_PEERS names, or to target/peers: 7 GB with PyTorch, whose wheel
# for Linux wants its CUDA libraries even where there is no GPU.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
there=${BENCH_PEERS:-$here/../../target/peers}
mkdir -p "$there"
there=$(cd "$there" && pwd)
for part in "${@:-python products candle burn}"; do
  for name in $part; do
    case $name in
      python)
        [ -e "$there/venv" ] || python3 -m venv "$there/venv"
        "$there/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
        ;;
      products | candle | burn)
        (cd "$here/rust/$name" && CARGO_TARGET_DIR="$there/target" cargo build --release --locked)
        ;;
      *)
        echo "there is no $name; there are python, products, candle and burn" >&2
        exit 2
        ;;
    esac
  done
done
