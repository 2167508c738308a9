/** What is measured, as data: names and units by OpenTelemetry's semantic conventions (units of UCUM, none in a name, no name that is another's namespace). */
import type { ValueType } from '@opentelemetry/api';

/** The name of an instrument. */
export type MetricName =
  | 'virmo.sync.synced'
  | 'virmo.sync.place.known'
  | 'virmo.sync.place.durable'
  | 'virmo.sync.lag'
  | 'virmo.sync.command.pending'
  | 'virmo.sync.command.pending_age'
  | 'virmo.sync.command.undelivered'
  | 'virmo.sync.command.refused'
  | 'virmo.sync.peer.connected'
  | 'virmo.sync.peer.silence'
  | 'virmo.sync.peer.behind'
  | 'virmo.sync.queue.size'
  | 'virmo.sync.channel.size';

/** An instrument as the meter makes it. */
export interface Instrument {
  /** `up-down-counter`: sums over attributes mean something; `counter`: and it only grows; `gauge`: neither. */
  readonly kind: 'gauge' | 'up-down-counter' | 'counter';
  readonly unit: string;
  readonly description: string;
  readonly valueType: ValueType;
}

/** The API's `ValueType.INT` and `DOUBLE`, which would have to be loaded to be named. */
const [integer, double] = [0, 1] as const satisfies readonly ValueType[];

/** All there are, by name. */
export const instruments: Readonly<Record<MetricName, Instrument>> = {
  'virmo.sync.synced': {
    kind: 'up-down-counter',
    unit: '{management_object}',
    description: '1 where the management object is in step with the hub, or served; else 0.',
    valueType: integer,
  },
  'virmo.sync.place.known': {
    kind: 'gauge',
    unit: '{place}',
    description: 'The place in main up to which this VM has it.',
    valueType: integer,
  },
  'virmo.sync.place.durable': {
    kind: 'gauge',
    unit: '{place}',
    description: "The place in main up to which this VM's own storage has it.",
    valueType: integer,
  },
  'virmo.sync.lag': {
    kind: 'gauge',
    unit: '{place}',
    description:
      'How many places a follower has yet to store: at the follower itself, and at the hub for each member.',
    valueType: integer,
  },
  'virmo.sync.command.pending': {
    kind: 'up-down-counter',
    unit: '{command}',
    description: "A follower's commands that the hub has not judged.",
    valueType: integer,
  },
  'virmo.sync.command.pending_age': {
    kind: 'gauge',
    unit: 's',
    description: 'How long ago the oldest pending command was executed; 0 where none is pending.',
    valueType: double,
  },
  'virmo.sync.command.undelivered': {
    kind: 'up-down-counter',
    unit: '{command}',
    description:
      "A follower's commands that are judged, and not durable at the hub: at the follower, and at the hub.",
    valueType: integer,
  },
  'virmo.sync.command.refused': {
    kind: 'counter',
    unit: '{command}',
    description: "A follower's commands that the hub refused: at the follower, and at the hub.",
    valueType: integer,
  },
  'virmo.sync.peer.connected': {
    kind: 'up-down-counter',
    unit: '{peer}',
    description:
      '1 where there is a channel to the peer (at the hub: with the management object open); else 0.',
    valueType: integer,
  },
  'virmo.sync.peer.silence': {
    kind: 'gauge',
    unit: 's',
    description: 'How long ago the peer was heard last.',
    valueType: double,
  },
  'virmo.sync.peer.behind': {
    kind: 'up-down-counter',
    unit: '{peer}',
    description: '1 where the member does not keep up and is owed one difference; else 0.',
    valueType: integer,
  },
  'virmo.sync.queue.size': {
    kind: 'up-down-counter',
    unit: 'By',
    description: "Updates of main that wait for the member's channel.",
    valueType: integer,
  },
  'virmo.sync.channel.size': {
    kind: 'gauge',
    unit: 'By',
    description: 'What the channel to the peer was given and has not taken, of all management objects.',
    valueType: integer,
  },
};
