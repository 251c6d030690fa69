import type { Finding, Report } from '@larder/core';
import type { Cluster, Redis } from 'ioredis';
import { type Complaint, isCluster } from '../client.ts';
import { findingsOf } from './checks.ts';
import { connectLike, lineOf, reason } from './connection.ts';
import { sizingOfAll } from './estimates.ts';
import type { About, Facts } from './facts.ts';
import { gather } from './gather.ts';
import { type Master, mastersOf } from './masters.ts';
import { ourKeys } from './our-keys.ts';

/**
 * Looks at the Redis behind a client, or at every master of a Cluster: on connections of its own, changing
 * nothing. What cannot be reached or asked is a finding too, and never an exception.
 */
export async function examine(client: Redis | Cluster, about: About): Promise<Report> {
  const masters = await mastersOf(client);
  const keys = ourKeys(`${client.options.keyPrefix ?? ''}${about.keyPrefix}`, about.namespace);
  const findings: Finding[] =
    about.clientComplaints === undefined ? [] : clientFindings(about.clientComplaints);
  const known: Facts[] = [];
  // One after another: they would lengthen each other's round trips.
  for (const master of masters) {
    const { node } = master;
    try {
      const facts = await facing(master, (connection) =>
        gather(connection, lineOf(connection, isCluster(client)), keys, about),
      );
      known.push(facts);
      findings.push(...findingsOf(facts, node));
    } catch (error) {
      findings.push(unreachable(reason(error), node));
    }
  }
  if (masters.length === 0) findings.push(unreachable('no node of the Cluster could be reached'));
  return { findings, sizing: sizingOfAll(known) };
}

async function facing<T>({ client, at }: Master, act: (connection: Redis) => Promise<T>): Promise<T> {
  const connection = await connectLike(client, at);
  try {
    return await act(connection);
  } finally {
    connection.disconnect();
  }
}

const unreachable = (why: string, node?: string): Finding => ({
  check: 'connection',
  severity: 'critical',
  node,
  says: `Redis could not be asked: ${why}.`,
  fix: 'Check address, port, password, TLS and firewall; the cache works without it meanwhile, in memory only.',
});

const clientFindings = (complaints: readonly Complaint[]): Finding[] =>
  complaints.length === 0
    ? [{ check: 'client-options', severity: 'ok', says: 'The options of the client suit a cache.' }]
    : complaints.map(({ option, given, fix }) => ({
        check: 'client-options',
        severity: 'warning',
        says: `The client has ${option}: ${JSON.stringify(given) ?? String(given)}.`,
        fix: `Set ${option} to ${fix}.`,
      }));
