/** The Generic Alert that answers an Exec (FUMO 1.0; DM 1.2, alert 1226): what a DM client puts into its next package to the server. */
import type { ExecOutcome } from 'virmo-sync';
import { FumoAlert } from 'virmo-sync/mo/fumo';
import { hasSucceeded } from './updater.ts';

/** The parts of the alert's one Item, and the correlator. */
export interface GenericAlert {
  /** The FUMO object's URI in the device. */
  readonly source: string;
  readonly type: string;
  readonly format: 'int';
  readonly mark: 'informational' | 'critical';
  readonly data: string;
  /** As the Exec had it; '' where it had none. */
  readonly correlator: string;
}

const types: ReadonlyMap<string, string> = new Map([
  ['./Download', FumoAlert.Download],
  ['./Update', FumoAlert.Update],
]);

/** The alert for the outcome of an Exec, which was of Download, Update or DownloadAndUpdate. */
export function alertOf({ uri, status, correlator }: ExecOutcome, source: string): GenericAlert {
  return {
    source,
    type: types.get(uri) ?? FumoAlert.DownloadAndUpdate,
    format: 'int',
    mark: hasSucceeded(status) ? 'informational' : 'critical',
    data: String(status),
    correlator,
  };
}
