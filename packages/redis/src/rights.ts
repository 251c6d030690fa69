/** Every command that the cache sends, by itself or inside its scripts, and those with which a client connects. */
const COMMANDS = [
  ...['get', 'getrange', 'set', 'del', 'unlink', 'append', 'pttl', 'pexpire', 'xadd', 'xrange', 'xrevrange'],
  ...['eval', 'evalsha', 'publish', 'subscribe', 'ping', 'info', 'select', 'client|setname'],
];
/** What `coherence: { via: 'tracking' }` takes besides. */
export const TRACKING_RIGHTS = '&__redis__:invalidate +client|tracking +client|id';

/** What `invalidateMatching` takes besides; the last of them in a Cluster alone. */
export const SWEEP_RIGHTS = '+scan +dbsize +cluster|nodes';

const CLUSTER_COMMANDS = ['cluster|slots', 'cluster|info', 'asking'];

/** The ACL rule of a user for a cache whose keys and channels begin so: all that it needs and nothing else. */
export const aclRule = (start: string, clustered: boolean): string =>
  [
    `ACL SETUSER larder on >PASSWORD resetkeys ~${start}* resetchannels &${start}* -@all`,
    ...[...COMMANDS, ...(clustered ? CLUSTER_COMMANDS : [])].map((command) => `+${command}`),
  ].join(' ');
