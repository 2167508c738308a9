/** A Meter that does what the API says of asynchronous instruments, and no more: collects when it is told to. */
import type {
  Attributes,
  BatchObservableCallback,
  Counter,
  Gauge,
  Histogram,
  Meter,
  MetricOptions,
  Observable,
  ObservableCallback,
  UpDownCounter,
} from '@opentelemetry/api';

export interface Collected {
  readonly name: string;
  readonly value: number;
  readonly attributes: Attributes;
}

export type Kind = 'gauge' | 'up-down-counter' | 'counter';

class Instrument implements Observable {
  readonly kind: Kind;
  readonly name: string;
  readonly options: MetricOptions;
  readonly callbacks: Set<ObservableCallback> = new Set();

  constructor(kind: Kind, name: string, options: MetricOptions = {}) {
    this.kind = kind;
    this.name = name;
    this.options = options;
  }

  addCallback(callback: ObservableCallback): void {
    this.callbacks.add(callback);
  }

  removeCallback(callback: ObservableCallback): void {
    this.callbacks.delete(callback);
  }
}

interface Batch {
  readonly callback: BatchObservableCallback;
  readonly observables: ReadonlySet<Observable>;
}

export class CollectingMeter implements Meter {
  readonly instruments: Instrument[] = [];
  #batches: Batch[] = [];

  /** What all callbacks tell now. Two values for one instrument and the same attributes are an error. */
  async collect(): Promise<Collected[]> {
    const collected = new Map<string, Collected>();
    for (const { callback, observables } of this.#batches) {
      const observe = (metric: Observable, value: number, attributes: Attributes = {}): void => {
        if (!(metric instanceof Instrument) || !observables.has(metric)) return;
        const key = JSON.stringify([metric.name, Object.entries(attributes).sort()]);
        if (collected.has(key)) throw new Error(`told twice: ${key}`);
        collected.set(key, { name: metric.name, value, attributes });
      };
      await callback({ observe });
    }
    return [...collected.values()];
  }

  createObservableGauge(name: string, options?: MetricOptions): Observable {
    return this.#create('gauge', name, options);
  }

  createObservableCounter(name: string, options?: MetricOptions): Observable {
    return this.#create('counter', name, options);
  }

  createObservableUpDownCounter(name: string, options?: MetricOptions): Observable {
    return this.#create('up-down-counter', name, options);
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#batches.push({ callback, observables: new Set(observables) });
  }

  /** By the callback and the set of its observables, as the API says. */
  removeBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    const isIt = (batch: Batch): boolean =>
      batch.callback === callback &&
      batch.observables.size === observables.length &&
      observables.every((each) => batch.observables.has(each));
    this.#batches = this.#batches.filter((batch) => !isIt(batch));
  }

  createGauge(): Gauge {
    throw new Error('a synchronous instrument');
  }

  createHistogram(): Histogram {
    throw new Error('a synchronous instrument');
  }

  createCounter(): Counter {
    throw new Error('a synchronous instrument');
  }

  createUpDownCounter(): UpDownCounter {
    throw new Error('a synchronous instrument');
  }

  #create(kind: Kind, name: string, options?: MetricOptions): Observable {
    const instrument = new Instrument(kind, name, options);
    this.instruments.push(instrument);
    return instrument;
  }
}
