#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Configure a ClickHouse server for test.sh.

shard.py ports N          prints N ports of this machine that nobody uses
shard.py SHARD PORT...    prints the configuration of one of the shards, which are at these
                          ports; it keeps all in the directory shardSHARD"""

import os
import socket
import sys

CONFIG = """\
<yandex>
    <logger><level>warning</level><log>{dir}/log</log><errorlog>{dir}/errors</errorlog></logger>
    <listen_host>127.0.0.1</listen_host>
    <tcp_port>{port}</tcp_port>
    <path>{dir}/data/</path>
    <tmp_path>{dir}/tmp/</tmp_path>
    <users_config>{dir}/config.xml</users_config>
    <default_profile>default</default_profile>
    <default_database>default</default_database>
    <mark_cache_size>16777216</mark_cache_size>
    <timezone>UTC</timezone>
    <remote_servers><fleet>{shards}</fleet></remote_servers>
    <profiles><default><max_memory_usage>1000000000</max_memory_usage></default></profiles>
    <quotas><default></default></quotas>
    <users><default>
        <password></password><networks><ip>127.0.0.1</ip></networks>
        <profile>default</profile><quota>default</quota>
    </default></users>
</yandex>
"""
SHARD = "<shard><replica><host>127.0.0.1</host><port>{}</port></replica></shard>"


def free_ports(nr):
    sockets = [socket.socket() for _ in range(nr)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def main():
    if sys.argv[1] == "ports":
        print(*free_ports(int(sys.argv[2])))
        return
    shard, ports = int(sys.argv[1]), sys.argv[2:]
    print(CONFIG.format(dir=os.path.abspath(f"shard{shard}"), port=ports[shard],
                        shards="".join(map(SHARD.format, ports))), end="")


if __name__ == "__main__":
    main()
