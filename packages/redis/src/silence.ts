import { isCluster, type RedisClient } from './client.ts';
import { eachServer } from './servers.ts';

/** A connection that owes an answer for longer than from one look to the next is dead, whatever it says of itself. */
const LOOK_MS = 10_000;

/**
 * Breaks off connections of our own that are silent: a path that swallows everything, a server that never greets.
 * They are made anew then. ioredis' `socketTimeout` is meant for that, and in its version 5 breaks off the next
 * connection for the silence of the one before.
 */
export function breakSilence(client: RedisClient): () => void {
  return eachServer(client, (server) => {
    let owed: 'pong' | 'greeting' | undefined;
    const answered = () => {
      owed = undefined;
    };
    const look = () => {
      if (owed !== undefined) {
        answered();
        // A Cluster looks for its nodes itself.
        server.disconnect(!isCluster(client));
      } else if (server.status === 'ready') {
        owed = 'pong';
        server.ping().then(answered, answered);
      } else if (server.status === 'connect') {
        owed = 'greeting';
      }
    };
    const looks = setInterval(look, LOOK_MS).unref();
    server.on('ready', answered);
    server.on('close', answered);
    return () => {
      clearInterval(looks);
      server.off('ready', answered);
      server.off('close', answered);
    };
  });
}
