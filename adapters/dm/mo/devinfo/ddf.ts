/** The DDF of the DevInfo management object 1.0 (OMA DM 1.2, standardized objects). Ext and Bearer are optional, the rest is permanent. */
export const devinfoDdf: string = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE MgmtTree PUBLIC "-//OMA//DTD-DM-DDF 1.2//EN"
  "http://www.openmobilealliance.org/tech/DTD/dm_ddf-v1_2.dtd">
<MgmtTree>
  <VerDTD>1.2</VerDTD>
  <Node>
    <NodeName>DevInfo</NodeName>
    <Path>.</Path>
    <DFProperties>
      <AccessType><Get/></AccessType>
      <Description>What a device tells a server at the beginning of every session</Description>
      <DFFormat><node/></DFFormat>
      <Occurrence><One/></Occurrence>
      <Scope><Permanent/></Scope>
      <DFType><DDFName>urn:oma:mo:oma-dm-devinfo:1.0</DDFName></DFType>
    </DFProperties>
    <Node>
      <NodeName>DevId</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>A URN that is the device's alone</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>Man</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The manufacturer</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>Mod</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The model</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>DmV</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The version of the DM client</Description>
        <DFFormat><chr/></DFFormat>
        <Occurrence><One/></Occurrence>
        <Scope><Permanent/></Scope>
        <DFType><MIME>text/plain</MIME></DFType>
      </DFProperties>
    </Node>
    <Node>
      <NodeName>Lang</NodeName>
      <DFProperties>
        <AccessType><Get/></AccessType>
        <Description>The language of the user interface (RFC 1766)</Description>
        <DFFormat><chr/></DFFormat>
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
