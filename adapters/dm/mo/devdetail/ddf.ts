/**
 * The DDF of the DevDetail management object 1.0 (OMA DM 1.2, standardized objects). Ext and Bearer are optional, the rest is
 * permanent.
 */
export const devdetailDdf: string = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE MgmtTree PUBLIC "-//OMA//DTD-DM-DDF 1.2//EN"
  "http://www.openmobilealliance.org/tech/DTD/dm_ddf-v1_2.dtd">
<MgmtTree>
  <VerDTD>1.2</VerDTD>
  <Node>
    <NodeName>DevDetail</NodeName>
    <Path>.</Path>
    <DFProperties>
      <AccessType><Get/></AccessType>
      <Description>What a server may want to know of a device</Description>
      <DFFormat><node/></DFFormat>
      <Occurrence><One/></Occurrence>
      <Scope><Permanent/></Scope>
      <DFType><DDFName>urn:oma:mo:oma-dm-devdetail:1.0</DDFName></DFType>
    </DFProperties>
    <Node>
      <NodeName>URI</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The limits of node URIs; 0 is none</Description>
        <DFFormat><node/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><DDFName/></DFType>
      </DFProperties>
      <Node>
        <NodeName>MaxDepth</NodeName>
        <DFProperties>
          <AccessType><Get/></AccessType>
          <Description>The most segments in a URI</Description>
          <DFFormat><chr/></DFFormat>
          <Occurrence><One/></Occurrence>
          <Scope><Permanent/></Scope>
          <DFType><MIME>text/plain</MIME></DFType>
        </DFProperties>
      </Node>
      <Node>
        <NodeName>MaxTotLen</NodeName>
        <DFProperties>
          <AccessType><Get/></AccessType>
          <Description>The most characters in a URI</Description>
          <DFFormat><chr/></DFFormat>
          <Occurrence><One/></Occurrence>
          <Scope><Permanent/></Scope>
          <DFType><MIME>text/plain</MIME></DFType>
        </DFProperties>
      </Node>
      <Node>
        <NodeName>MaxSegLen</NodeName>
        <DFProperties>
          <AccessType><Get/></AccessType>
          <Description>The most characters in a segment</Description>
          <DFFormat><chr/></DFFormat>
          <Occurrence><One/></Occurrence>
          <Scope><Permanent/></Scope>
          <DFType><MIME>text/plain</MIME></DFType>
        </DFProperties>
      </Node>
    </Node>
    <Node>
      <NodeName>DevTyp</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The kind of device</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>OEM</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The original equipment manufacturer</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>FwV</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The version of the firmware</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>SwV</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The version of the software</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>HwV</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The version of the hardware</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>LrgObj</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>Whether large objects can be received</Description>
        <DFFormat><bool/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>Ext</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>Room for a vendor's own nodes</Description>
        <DFFormat><node/></DFFormat>
        <Occurrence><ZeroOrOne/></Occurrence>
        <Scope><Dynamic/></Scope>
        <DFType><DDFName/></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>Bearer</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>What is particular to a bearer</Description>
        <DFFormat><node/></DFFormat>
        <Occurrence><ZeroOrOne/></Occurrence>
        <Scope><Dynamic/></Scope>
        <DFType><DDFName/></DFType>
      </DFProperties>
    </Node>
  </Node>
</MgmtTree>
`;
