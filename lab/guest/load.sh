#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# load.sh prepare|start: what a guest that is a Debian machine does. Rules for its
# network; a web server, which the host asks; a data base asked over the loopback;
# files on ext4; and guestwork, 64 and 32 bit, whose paths are known. There is one CPU,
# and what is always ready gets the same part of it.
set -u

rules() {
	cat <<RULES
table inet filter {
	set ports {
		type inet_service; flags interval
		elements = { 22, 80, 6379, 8000-8100 }
	}
	chain input {
		type filter hook input priority 0; policy accept
		ct state invalid counter drop
$(printf '\t\tip saddr 198.51.100.%d counter drop\n' {1..24})
		ct state established,related counter accept
		tcp dport @ports counter accept
		limit rate 1/second counter
	}
	chain output {
		type filter hook output priority 0; policy accept
		ct state new counter
		tcp sport @ports counter accept
	}
}
table ip nat {
	chain out {
		type nat hook postrouting priority srcnat; policy accept
		ip saddr 10.9.0.0/16 masquerade
	}
}
RULES
}

# What is served is on the disk, and so is the log of it
web_server() {
	cat <<'CONF'
user root;
worker_processes 1;
pid /run/nginx.pid;
error_log /scratch/error.log;
events { worker_connections 64; }
http {
	access_log /scratch/access.log;
	sendfile on;
	server { listen 80; root /scratch/www; }
}
CONF
}

# Up to where all is there, modules too, but nothing to do
prepare() {
	set -e
	mkfs.ext4 -q -F /dev/vdd
	mkdir /scratch
	mount -t ext4 /dev/vdd /scratch
	rules | nft -f -
	mkdir /scratch/www
	head -c 10000 /dev/urandom > /scratch/www/index.html
	web_server > /run/nginx.conf
	nginx -c /run/nginx.conf
	redis-server --bind 127.0.0.1 --save '' --appendonly yes --dir /scratch \
		--daemonize yes > /dev/null
	until redis-cli ping > /dev/null 2>&1; do
		sleep 0.2
	done
}

redis() {
	redis-benchmark -q -c 4 -n 2000 -t set,get,lpush,lrange_100
}

files() {
	cd /scratch
	tar -C /etc -cf a.tar .
	mkdir b
	tar -C b -xf a.tar
	dd if=/dev/zero of=zeros bs=64k count=64 conv=fsync
	cp a.tar c.tar
	rm -rf b
	sync
}

start() {
	while :; do redis; done > /dev/null 2>&1 < /dev/null &
	while :; do files; done > /dev/null 2>&1 < /dev/null &
	guestwork --mix asmrwpg > /dev/null 2>&1 < /dev/null &
	guestwork32 --mix amrpg > /dev/null 2>&1 < /dev/null &
}

"$1"
