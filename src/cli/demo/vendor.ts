/** The management object of the demo: FUMO, with a vendor's own nodes below Ext. */
import type { MountOptions, Schema } from 'virmo-sync';
import { parseDdf } from 'virmo-sync/ddf';
import { fumo } from 'virmo-sync/mo/fumo';

/** What the vendor of the demo's device describes below Ext: how often the demo ran, and rollout plans by name. */
const extDdf = `<?xml version="1.0" encoding="UTF-8"?>
<MgmtTree xmlns="syncml:dmddf1.2">
  <VerDTD>1.2</VerDTD>
  <Node>
    <NodeName>Ext</NodeName>
    <DFProperties>
      <AccessType><Get/></AccessType>
      <DFFormat><node/></DFFormat>
      <Occurrence><ZeroOrOne/></Occurrence>
      <DFType><DDFName/></DFType>
    </DFProperties>
    <Node>
      <NodeName>Runs</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <DefaultValue>0</DefaultValue>
        <DFFormat><int/></DFFormat>
        <Occurrence><One/></Occurrence>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName></NodeName>
      <DFProperties>
        <AccessType><Add/><Delete/><Get/><Replace/></AccessType>
        <DFFormat><node/></DFFormat>
        <Occurrence><ZeroOrMore/></Occurrence>
        <DFType><DDFName/></DFType>
      </DFProperties>
      <Node>
        <NodeName>Note</NodeName>
        <DFProperties>
          <AccessType><Add/><Delete/><Get/><Replace/></AccessType>
          <DFFormat><chr/></DFFormat>
          <Occurrence><ZeroOrOne/></Occurrence>
          <DFType><MIME>text/plain</MIME></DFType>
        </DFProperties>
      </Node>
    </Node>
  </Node>
</MgmtTree>
`;

const ext = parseDdf(extDdf).root;

const schema: Schema = {
  root: { ...fumo.root, children: fumo.root.children.map((node) => (node.name === 'Ext' ? ext : node)) },
};

/** How both VMs mount it: each has a State of its own, everything else is shared. */
export const fumoMount: MountOptions = {
  mo: 'fumo',
  schema,
  nodes: ['./Download', './Update', './Update/PkgData', './DownloadAndUpdate', './Ext'],
  rules: [{ path: './State', share: 'local' }],
};
