# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this file, in bash or zsh: afterwards gst-launch-1.0 finds the plugin in build/, and python3 is the one of .venv/.

_featuremosaic_root=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd)

# A registry of its own, so that neither the plugin nor its absence is remembered elsewhere.
export GST_REGISTRY="$_featuremosaic_root/build/registry.bin"
case ":${GST_PLUGIN_PATH:-}:" in
*":$_featuremosaic_root/build:"*) ;;
*) export GST_PLUGIN_PATH="$_featuremosaic_root/build${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}" ;;
esac
case ":$PATH:" in
*":$_featuremosaic_root/.venv/bin:"*) ;;
*) export PATH="$_featuremosaic_root/.venv/bin:$PATH" ;;
esac
unset _featuremosaic_root
