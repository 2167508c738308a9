/** The Firmware Update Management Object, OMA FUMO 1.0. */
import type { Schema } from 'virmo-sync';
import { parseDdf } from 'virmo-sync/ddf';
import { fumoDdf } from './ddf.ts';

export { fumoDdf } from './ddf.ts';
export { FumoAlert, FumoResult, FumoState } from './words.ts';

/**
 * FUMO 1.0 as a schema. State is always there and begins with 10; what else the device has is turned on where it is mounted
 * (`nodes: ['./DownloadAndUpdate']`).
 */
export const fumo: Schema = parseDdf(fumoDdf);
