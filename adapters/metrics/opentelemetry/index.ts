/** The sync state of a VM as metrics of OpenTelemetry. Of the API only types are used: who has a Meter has loaded it, and nothing else is needed. */
import type { BatchObservableCallback, Meter, Observable } from '@opentelemetry/api';
import type { Vm } from 'virmo-sync';
import { type Instrument, instruments, type MetricName } from './instruments.ts';
import { measurementsOf } from './measurements.ts';

/**
 * Registers the instruments `virmo.sync.*` on the meter: at each collection `vm.syncState()` is read once, and all that is mounted then is told of. Gives the way out, after
 * which the meter hears nothing of the VM any more (what it heard last, an SDK may repeat); until then it holds the VM. Nothing is measured between collections. May be called for several VMs on one meter, once for each.
 */
export function instrumentVm(vm: Vm, meter: Meter): () => void {
  const observables = new Map<MetricName, Observable>();
  for (const [name, instrument] of Object.entries(instruments) as [MetricName, Instrument][])
    observables.set(name, create(meter, name, instrument));
  const collect: BatchObservableCallback = (result) => {
    for (const state of vm.syncState()) {
      for (const { metric, value, attributes } of measurementsOf(vm.id, state)) {
        const observable = observables.get(metric);
        if (observable !== undefined) result.observe(observable, value, attributes);
      }
    }
  };
  const all = [...observables.values()];
  meter.addBatchObservableCallback(collect, all);
  return () => meter.removeBatchObservableCallback(collect, all);
}

function create(meter: Meter, name: MetricName, { kind, ...options }: Instrument): Observable {
  switch (kind) {
    case 'gauge':
      return meter.createObservableGauge(name, options);
    case 'up-down-counter':
      return meter.createObservableUpDownCounter(name, options);
    case 'counter':
      return meter.createObservableCounter(name, options);
  }
}
