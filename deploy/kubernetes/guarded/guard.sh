#!/bin/sh
# Lets nobody out of this network namespace but the user GATE_UID. The agent reaches the gate by
# loopback; it needs no name service, since the gate looks names up.
set -eu
: "${GATE_UID:?the user of the gate}"

# IPv6 finds its neighbours by messages of the kernel's, which are no user's (RFC 4861).
for message in neighbour-solicitation neighbour-advertisement router-solicitation; do
  ip6tables -A OUTPUT -p ipv6-icmp --icmpv6-type "$message" -j ACCEPT
done
for tables in iptables ip6tables; do
  "$tables" -A OUTPUT -o lo -j ACCEPT
  "$tables" -A OUTPUT -m owner --uid-owner "$GATE_UID" -j ACCEPT
  # Answers to what came in: probes, and calls of the agent's own services.
  "$tables" -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
  "$tables" -A OUTPUT -j REJECT
done
