/** Of the package `events` what JsSIP's own types need of it, which has none. */
export class EventEmitter<_Events = unknown> {
  on(type: string, listener: (event: any) => void): this;
  removeAllListeners(type?: string): this;
}
