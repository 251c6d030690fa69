import type { Redis } from 'ioredis';

/** On which it is said that all that was said before has been heard. */
const FENCE = 'fence';

type Heard = (message: string, pass: () => void) => void;

/** Connections that listen. Messages come to them as they come, but not past a fence. */
export class Ears {
  readonly #publisher: Redis;
  readonly #fences = new Map<Redis, () => void>();

  constructor(publisher: Redis) {
    this.#publisher = publisher;
  }

  /** Gives `heard` each message before the connection does, which does when it is passed on. Resolves once it listens. */
  open(ear: Redis, heard: Heard): Promise<void> {
    const emit = ear.emit.bind(ear);
    const subscribe = ear.subscribe.bind(ear) as (...channels: unknown[]) => Promise<unknown>;
    ear.emit = (event, ...args) => {
      if (event !== 'message') return emit(event, ...args);
      const [channel, message] = args as [string, string];
      if (channel === FENCE) this.#fences.get(ear)?.();
      else heard(message, () => emit(event, ...args));
      return true;
    };
    ear.on('close', () => {
      this.#fences.get(ear)?.();
      this.#fences.delete(ear);
    });
    return new Promise((resolve) => {
      ear.subscribe = async (...channels: unknown[]) => {
        const reply = await subscribe(...channels, FENCE);
        this.#fences.set(ear, () => {});
        resolve();
        return reply;
      };
    });
  }

  /** Nobody listens any more. */
  close(): void {
    for (const ear of this.#fences.keys()) ear.disconnect();
    this.#fences.clear();
  }

  /** Resolves when everybody has heard what was published before. */
  async fence(): Promise<void> {
    if (this.#fences.size === 0) return;
    const passed = [...this.#fences.keys()].map(
      (ear) => new Promise<void>((resolve) => void this.#fences.set(ear, resolve)),
    );
    await this.#publisher.publish(FENCE, '');
    await Promise.all(passed);
  }
}
