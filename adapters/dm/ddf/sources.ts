/**
 * Which element says what about a node. DFProperties come first; what they leave open is taken from the RTProperties and the
 * Value, which tell of the node at run time. A schema has no room for the rest of those.
 */
import { isPart, type PartName, type Parts, partsOf } from './content.ts';
import type { Notes } from './report.ts';
import type { XmlElement } from './xml.ts';

/** For each property the element that says it. */
export interface Sources {
  /** Whether the node has DFProperties. */
  readonly described: boolean;
  readonly access: XmlElement | undefined;
  readonly defaultValue: XmlElement | undefined;
  readonly description: XmlElement | undefined;
  readonly format: XmlElement | undefined;
  readonly occurrence: XmlElement | undefined;
  readonly scope: XmlElement | undefined;
  readonly title: XmlElement | undefined;
  /** DFType elements: one, if the document is right. */
  readonly types: readonly XmlElement[];
  readonly caseSense: XmlElement | undefined;
}

/** Finds the sources of a Node's properties, and reports what was filled in and what was left out. */
export function findSources(node: XmlElement, parts: Parts<PartName<'Node'>>, notes: Notes): Sources {
  const properties = parts.first('DFProperties');
  const runTimeProperties = parts.first('RTProperties');
  if (properties === undefined && !isStub(node)) {
    const instead = runTimeProperties === undefined ? '' : '; its RTProperties count instead';
    notes.warn('properties-missing', node, `no DFProperties: no command is allowed${instead}`);
  }
  const described = properties === undefined ? nothing : partsOf(properties, 'DFProperties', notes);
  const runTime =
    runTimeProperties === undefined ? nothing : partsOf(runTimeProperties, 'RTProperties', notes);
  for (const name of ['ACL', 'Name', 'Size', 'TStamp', 'VerNo'] as const) {
    const element = runTime.first(name);
    if (element !== undefined) notes.warn('run-time', element, `${name} is said at run time only; left out`);
  }
  const pick = (name: DescribedName, element: XmlElement | undefined): XmlElement | undefined =>
    prefer(described.first(name), name, element, properties !== undefined, notes);
  const type = pick('DFType', runTime.first('Type'));
  const types = described.all('DFType');
  return {
    described: properties !== undefined,
    access: described.first('AccessType'),
    defaultValue: pick('DefaultValue', parts.first('Value')),
    description: described.first('Description'),
    format: pick('DFFormat', runTime.first('Format')),
    occurrence: described.first('Occurrence'),
    scope: described.first('Scope'),
    title: pick('DFTitle', runTime.first('Title')),
    types: types.length > 0 || type === undefined ? types : [type],
    caseSense: described.first('CaseSense'),
  };
}

/** Whether a Node has nothing but its name: it may be continued elsewhere. */
export function isStub(node: XmlElement): boolean {
  return node.children.every((child) => isPart(child, 'NodeName') || isPart(child, 'Path'));
}

type DescribedName = PartName<'DFProperties'>;

const nothing: Parts<string> = { first: () => undefined, all: () => [] };

function prefer(
  described: XmlElement | undefined,
  name: DescribedName,
  runTime: XmlElement | undefined,
  hasDescription: boolean,
  notes: Notes,
): XmlElement | undefined {
  if (runTime === undefined) return described;
  if (described === undefined) {
    if (hasDescription) notes.warn('run-time', runTime, `no ${name}; the ${runTime.name} at run time counts`);
    return runTime;
  }
  if (!saysTheSame(described, runTime)) {
    notes.warn('run-time', runTime, `${runTime.name} says something else than ${name}; left out`);
  }
  return described;
}

function saysTheSame(one: XmlElement, other: XmlElement): boolean {
  return one.source.replace(/[ \t\n]/g, '') === other.source.replace(/[ \t\n]/g, '');
}
