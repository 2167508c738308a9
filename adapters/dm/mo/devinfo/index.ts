/** The DevInfo management object, OMA DM 1.2: what a device tells a server at the beginning of every session. */
import type { Schema } from 'virmo-sync';
import { parseDdf } from 'virmo-sync/ddf';
import { devinfoDdf } from './ddf.ts';

export { devinfoDdf } from './ddf.ts';

/** DevInfo 1.0 as a schema. Ext and Bearer are turned on where it is mounted (`nodes: ['./Ext']`). */
export const devinfo: Schema = parseDdf(devinfoDdf);
