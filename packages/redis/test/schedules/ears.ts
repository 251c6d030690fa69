import type { Redis } from 'ioredis';

/** On which it is said that all that was said before has been heard. */
const FENCE = 'fence';

interface Message {
  readonly name: string;
  readonly hear: () => void;
}

/** Connections that listen. Messages are kept until all have come that a fence stands behind, and heard in an order of names. */
export class Ears {
  readonly #publisher: Redis;
  readonly #open = new Map<Redis, () => void>();
  #messages: Message[] = [];

  constructor(publisher: Redis) {
    this.#publisher = publisher;
  }

  /** Gives `heard` each message; the connection does not hear it before it is passed on. Resolves once it listens. */
  open(name: string, ear: Redis, heard: (message: string, pass: () => void) => void): Promise<void> {
    const emit = ear.emit.bind(ear);
    const subscribe = ear.subscribe.bind(ear) as (...channels: unknown[]) => Promise<unknown>;
    ear.emit = (event, ...args) => {
      if (event !== 'message') return emit(event, ...args);
      const [channel, message] = args as [string, string];
      if (channel === FENCE) this.#open.get(ear)?.();
      else this.#messages.push({ name, hear: () => heard(message, () => emit(event, ...args)) });
      return true;
    };
    ear.on('close', () => {
      this.#open.get(ear)?.();
      this.#open.delete(ear);
    });
    return new Promise((resolve) => {
      ear.subscribe = async (...channels: unknown[]) => {
        const reply = await subscribe(...channels, FENCE);
        this.#open.set(ear, () => {});
        resolve();
        return reply;
      };
    });
  }

  /** Nobody listens any more. */
  close(): void {
    for (const ear of this.#open.keys()) ear.disconnect();
    this.#open.clear();
    this.#messages = [];
  }

  /** Resolves when everybody has heard what was published before. */
  async fence(): Promise<void> {
    if (this.#open.size === 0) return;
    const passed = [...this.#open.keys()].map(
      (ear) => new Promise<void>((fenced) => void this.#open.set(ear, fenced)),
    );
    await this.#publisher.publish(FENCE, '');
    await Promise.all(passed);
    const messages = this.#messages.sort((a, b) => a.name.localeCompare(b.name));
    this.#messages = [];
    for (const { hear } of messages) hear();
  }
}
