#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
sh /usr/share/apple-ans2/vendorfw.sh
